# SPDX-License-Identifier: Apache-2.0
# Libraries that pkg-config knows.

# SUPERMACHINE_PKG_LIBRARY(VARIABLE, MODULE, FUNCTION)
# ----------------------------------------------------
# Set have_VARIABLE to yes if pkg-config knows MODULE and FUNCTION links with it,
# which it does not when the .pc file is for another machine or C library.
AC_DEFUN([SUPERMACHINE_PKG_LIBRARY],
[PKG_CHECK_MODULES([$1], [$2], [have_$1=yes], [have_$1=no])
AS_IF([test "$have_$1" = yes],
  [AC_CACHE_CHECK([whether $3 links], [supermachine_cv_links_$3],
     [saved_LIBS=$LIBS
      LIBS="$[]$1[]_LIBS $LIBS"
      AC_LINK_IFELSE([AC_LANG_CALL([], [$3])],
        [supermachine_cv_links_$3=yes], [supermachine_cv_links_$3=no])
      LIBS=$saved_LIBS])
   have_$1=$supermachine_cv_links_$3])
# Flags for another machine must not get into the Makefile.
AS_IF([test "$have_$1" = no], [$1_CFLAGS= $1_LIBS=])
])
