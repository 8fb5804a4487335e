/* SPDX-License-Identifier: MIT
 *
 * One or two lines on what to do about a finding, with its own names and places in them.
 */
#ifndef TOOLS_ADVICE_H
#define TOOLS_ADVICE_H

#include <stdio.h>

#include "model.h"

void print_advice(FILE *f, const struct finding *d);

#endif
