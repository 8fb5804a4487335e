/* SPDX-License-Identifier: MIT
 *
 * gorc: Go's concurrency for C. This header includes all others.
 */
#ifndef GORC_H
#define GORC_H

#include <gorc/base.h>
#include <gorc/chan.h>
#include <gorc/context.h>
#include <gorc/detect.h>
#include <gorc/errgroup.h>
#include <gorc/go.h>
#include <gorc/net.h>
#include <gorc/select.h>
#include <gorc/sync.h>
#include <gorc/time.h>

#endif
