/* SPDX-License-Identifier: MIT
 *
 * libc's functions behind _FORTIFY_SOURCE, which its headers do not declare.
 */
#ifndef DT_CHK_H
#define DT_CHK_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>

void *__memcpy_chk(void *dst, const void *src, size_t n, size_t size);
void *__mempcpy_chk(void *dst, const void *src, size_t n, size_t size);
void *__memmove_chk(void *dst, const void *src, size_t n, size_t size);
void *__memset_chk(void *dst, int c, size_t n, size_t size);
char *__strcpy_chk(char *dst, const char *src, size_t size);
char *__strncpy_chk(char *dst, const char *src, size_t n, size_t size);
char *__stpcpy_chk(char *dst, const char *src, size_t size);
char *__stpncpy_chk(char *dst, const char *src, size_t n, size_t size);
char *__strcat_chk(char *dst, const char *src, size_t size);
char *__strncat_chk(char *dst, const char *src, size_t n, size_t size);

int __vprintf_chk(int flag, const char *format, va_list args);
int __vfprintf_chk(FILE *f, int flag, const char *format, va_list args);
int __vsprintf_chk(char *s, int flag, size_t size, const char *format, va_list args);
int __vsnprintf_chk(char *s, size_t n, int flag, size_t size, const char *format, va_list args);
int __vasprintf_chk(char **ret, int flag, const char *format, va_list args);
int __vdprintf_chk(int fd, int flag, const char *format, va_list args);
int __isoc99_vscanf(const char *format, va_list args);
int __isoc99_vfscanf(FILE *f, const char *format, va_list args);
int __isoc99_vsscanf(const char *s, const char *format, va_list args);
size_t __fread_chk(void *p, size_t size, size_t unit, size_t n, FILE *f);
char *__fgets_chk(char *s, size_t size, int n, FILE *f);

ssize_t __read_chk(int fd, void *p, size_t n, size_t size);
ssize_t __pread_chk(int fd, void *p, size_t n, off_t at, size_t size);
ssize_t __pread64_chk(int fd, void *p, size_t n, off_t at, size_t size);
ssize_t __recv_chk(int fd, void *p, size_t n, size_t size, int flags);
ssize_t __recvfrom_chk(
    int fd, void *p, size_t n, size_t size, int flags, struct sockaddr *from, socklen_t *from_size);

#endif
