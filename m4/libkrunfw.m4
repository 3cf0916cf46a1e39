# SPDX-License-Identifier: Apache-2.0
# The kernel for programs that use libkrun.

# SUPERMACHINE_LIBKRUNFW
# ----------------------
# Whether to build libkrunfw too, under the name that libkrun opens. Its segments do not
# start on pages of their own in the file, which would take 192 KiB with pages of 64 KiB.
AC_DEFUN([SUPERMACHINE_LIBKRUNFW],
[AC_ARG_ENABLE([libkrunfw],
  [AS_HELP_STRING([--enable-libkrunfw],
    [also build libkrunfw.so.5 (libkrunfw.5.dylib on macOS), which gives the kernel to podman, krunvm and other users of libkrun])],
  [], [enable_libkrunfw=no])
libkrunfw_summary=no
AS_IF([test "$enable_libkrunfw" != no],
  [AS_IF([test "$enable_shared" = yes], [],
     [SUPERMACHINE_FAIL([--enable-libkrunfw is for a shared library, and --disable-shared is given],
       [leave one of them out])])
   AS_CASE([$host_os], [darwin*], [LIBKRUNFW=libkrunfw.5.dylib], [LIBKRUNFW=libkrunfw.so.5])
   libkrunfw_summary=$LIBKRUNFW
   AC_DEFINE_UNQUOTED([LIBKRUNFW], ["$LIBKRUNFW"], [Define to the file name of libkrunfw, if it is built.])
   # The assembler's names mean nothing to an optimiser that sees all objects at once.
   SUPERMACHINE_COMPILER_FLAGS([LIBKRUNFW_CFLAGS], [-fno-lto])
   SUPERMACHINE_LINKER_KEYWORDS([LIBKRUNFW_LDFLAGS], [noseparate-code])])
AM_CONDITIONAL([LIBKRUNFW], [test "$enable_libkrunfw" != no])
AC_SUBST([LIBKRUNFW])
AC_SUBST([LIBKRUNFW_CFLAGS])
AC_SUBST([LIBKRUNFW_LDFLAGS])
])
