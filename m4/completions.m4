# SPDX-License-Identifier: Apache-2.0
# Where completions of the command go.

# SUPERMACHINE_COMPLETION_DIR(SHELL, VARIABLE, DIRECTORY)
# -------------------------------------------------------
# Set VARIABLE to where completions for SHELL go: DIRECTORY, or what the option
# says, or nothing. The default is below the prefix, not where an installed shell
# looks by its own account, since this user may not be able to write there.
AC_DEFUN([SUPERMACHINE_COMPLETION_DIR],
[AC_ARG_WITH([$1-completion-dir],
  [AS_HELP_STRING([--with-$1-completion-dir=DIR],
    [install the completion for $1 in DIR, or nowhere with "no" @<:@$3@:>@])],
  [], [with_$1_completion_dir=yes])
AS_CASE([$with_$1_completion_dir],
  [yes], [$2='$3'],
  [no], [$2=],
  [/* | '$'*], [$2=$with_$1_completion_dir],
  [AC_MSG_ERROR([--with-$1-completion-dir=$with_$1_completion_dir is not an absolute path: give one])])
AC_SUBST([$2])
])
