# SPDX-License-Identifier: Apache-2.0
# The version as a number.

# SUPERMACHINE_VERSION_NUMBER
# ---------------------------
# The version as a number that a preprocessor can compare.
AC_DEFUN([SUPERMACHINE_VERSION_NUMBER],
[AC_SUBST([VERSION_NUMBER],
  [`echo "$PACKAGE_VERSION" | $AWK -F. '{ print $[]1 * 1000000 + $[]2 * 1000 + $[]3 }'`])
])
