# SPDX-License-Identifier: Apache-2.0
# Flags for the compiler and the linker.

# SUPERMACHINE_COMPILER_FLAGS(VARIABLE, FLAGS)
# --------------------------------------------
# Add those of FLAGS that the compiler takes to the shell's VARIABLE. A program is
# linked, since clang warns about linker flags in CC where nothing is linked.
AC_DEFUN([SUPERMACHINE_COMPILER_FLAGS],
[saved_CFLAGS=$CFLAGS
m4_foreach_w([flag], [$2],
 [AS_VAR_PUSHDEF([cached], [supermachine_cv_cflag_]flag)dnl
  AC_CACHE_CHECK([whether $CC takes flag], [cached],
   [CFLAGS="$saved_CFLAGS -Werror flag"
    AC_LINK_IFELSE([AC_LANG_PROGRAM()], [AS_VAR_SET([cached], [yes])], [AS_VAR_SET([cached], [no])])])
  AS_VAR_IF([cached], [yes], [$1="$$1 flag"])
  AS_VAR_POPDEF([cached])dnl
 ])
CFLAGS=$saved_CFLAGS
])

# SUPERMACHINE_PREFIX_MAP
# -----------------------
# Keep the directories of source and build out of debugging information, so that
# the library is the same from wherever it was built, and however configure was
# called: names of sources begin with what stands before src/ in that call. Of maps
# that fit, the compiler takes the last.
AC_DEFUN([SUPERMACHINE_PREFIX_MAP],
[SUPERMACHINE_COMPILER_FLAGS([supermachine_prefix_map], [-ffile-prefix-map=a=b])
AS_IF([test -n "$supermachine_prefix_map"],
  [map_of_build="'-ffile-prefix-map=\$(abs_top_builddir)=.'"
   map_of_source="'-ffile-prefix-map=\$(abs_top_srcdir)/=' '-ffile-prefix-map=\$(srcdir)/='"
   AS_CASE([`cd "$srcdir" && pwd`],
     ["`pwd`"?*], [AM_CFLAGS="$AM_CFLAGS $map_of_build $map_of_source"],
     [AM_CFLAGS="$AM_CFLAGS $map_of_source $map_of_build"])])
])

# SUPERMACHINE_LINKER_KEYWORDS(VARIABLE, KEYWORDS)
# ------------------------------------------------
# Add -Wl,-z,KEYWORD to the shell's VARIABLE for those of KEYWORDS that the linker
# takes without a warning.
AC_DEFUN([SUPERMACHINE_LINKER_KEYWORDS],
[saved_LDFLAGS=$LDFLAGS
m4_foreach_w([keyword], [$2],
 [AC_CACHE_CHECK([whether the linker takes -z keyword], [supermachine_cv_linker_]m4_translit(keyword, [-], [_]),
   [LDFLAGS="$saved_LDFLAGS -Wl,-z,keyword -Wl,--fatal-warnings"
    AC_LINK_IFELSE([AC_LANG_PROGRAM()],
      [supermachine_cv_linker_[]m4_translit(keyword, [-], [_])=yes],
      [supermachine_cv_linker_[]m4_translit(keyword, [-], [_])=no])])
  AS_IF([test "$supermachine_cv_linker_[]m4_translit(keyword, [-], [_])" = yes], [$1="$$1${$1:+ }-Wl,-z,keyword"])
 ])
LDFLAGS=$saved_LDFLAGS
])

# SUPERMACHINE_HARDENING
# ----------------------
# Protections by compiler and linker that cost next to nothing. All of them
# stand before CFLAGS and LDFLAGS, so that what the user or a distribution says
# there wins. _FORTIFY_SOURCE needs optimisation and may be set already, by the
# compiler itself or in CPPFLAGS: config.h looks when it is compiled.
AC_DEFUN([SUPERMACHINE_HARDENING],
[AC_ARG_ENABLE([hardening],
  [AS_HELP_STRING([--disable-hardening],
    [leave out the protections by compiler and linker, for example in a build with a sanitizer])],
  [], [enable_hardening=yes])
hardening_cflags= hardening_ldflags= hardening_fortify= hardening_summary=no
AS_IF([test "$enable_hardening" != no],
  [SUPERMACHINE_COMPILER_FLAGS([hardening_cflags],
     [-fstack-protector-strong -fstack-clash-protection -fcf-protection -mbranch-protection=standard])
   SUPERMACHINE_LINKER_KEYWORDS([hardening_ldflags], [relro now noexecstack separate-code])
   AC_CACHE_CHECK([for the highest level of _FORTIFY_SOURCE], [supermachine_cv_fortify],
     [supermachine_cv_fortify=2
      saved_CFLAGS=$CFLAGS
      CFLAGS="-O2 -Werror"
      AC_COMPILE_IFELSE([AC_LANG_SOURCE([[#undef _FORTIFY_SOURCE
#define _FORTIFY_SOURCE 3
#include <stdio.h>]])], [supermachine_cv_fortify=3])
      CFLAGS=$saved_CFLAGS])
   AC_DEFINE_UNQUOTED([FORTIFY_LEVEL], [$supermachine_cv_fortify],
     [Define to the level of _FORTIFY_SOURCE to ask the C library for.])
   hardening_fortify=" -D_FORTIFY_SOURCE=$supermachine_cv_fortify where optimised"
   hardening_summary=`echo $hardening_cflags $hardening_ldflags$hardening_fortify`])
AH_BOTTOM([#if defined FORTIFY_LEVEL && defined __OPTIMIZE__ && !defined _FORTIFY_SOURCE
# define _FORTIFY_SOURCE FORTIFY_LEVEL
#endif])
AM_CFLAGS="$AM_CFLAGS$hardening_cflags"
AC_SUBST([HARDENING_CFLAGS], [$hardening_cflags])
AC_SUBST([AM_LDFLAGS], [$hardening_ldflags])
])

# SUPERMACHINE_VERSION_SCRIPT
# ---------------------------
# Whether the linker takes a version script. Mach-O and PE have no symbol
# versions; there -fvisibility=hidden alone hides what is internal.
AC_DEFUN([SUPERMACHINE_VERSION_SCRIPT],
[AC_CACHE_CHECK([whether the linker takes a version script],
  [supermachine_cv_version_script],
  [echo 'SUPERMACHINE_TEST { global: main; local: *; };' >conftest.map
   saved_LDFLAGS=$LDFLAGS
   LDFLAGS="$LDFLAGS -Wl,--version-script=conftest.map"
   AC_LINK_IFELSE([AC_LANG_PROGRAM()],
     [supermachine_cv_version_script=yes], [supermachine_cv_version_script=no])
   LDFLAGS=$saved_LDFLAGS
   rm -f conftest.map])
AM_CONDITIONAL([HAVE_VERSION_SCRIPT], [test "$supermachine_cv_version_script" = yes])
])
