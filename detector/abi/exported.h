/* SPDX-License-Identifier: MIT
 *
 * For functions that the program calls under their own name.
 */
#ifndef DT_EXPORTED_H
#define DT_EXPORTED_H

#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))
#define CALLER ((uintptr_t)__builtin_return_address(0))

#endif
