# SPDX-License-Identifier: Apache-2.0
# The shell of configure and make.

# SUPERMACHINE_SHELL
# ------------------
# Rules of Automake need a shell that splits words, which zsh does not under its own
# name: nothing would be installed. Then all is done by /bin/sh, configure as well,
# since what one shell has made of libtool is not for another.
AC_DEFUN([SUPERMACHINE_SHELL],
[m4_divert_text([VERSION_END],
[AS_CASE([$SHELL`$SHELL -c 'words="a b"; set -- $words; echo $[]@%:@' 2>/dev/null`],
  [/bin/sh*], [],
  [*2], [],
  [test "$silent" = yes ||
     AS_ECHO(["$as_me: $SHELL does not split words, as make needs it: /bin/sh takes its place"])
   CONFIG_SHELL=/bin/sh
   export CONFIG_SHELL
   exec /bin/sh "$as_myself" "$[]@" SHELL=/bin/sh])
])])
