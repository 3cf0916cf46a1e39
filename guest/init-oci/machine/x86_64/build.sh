# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034 # for guest/init-oci/build, which sources it
#
# How guest/init-oci/build makes the program for x86_64.
debian_architecture=amd64
# No landing pads and no shadow stack, whatever the compiler's default is: Linux enforces
# landing pads in the kernel only, and gives a shadow stack to a program that asks for it,
# which musl does not do.
machine_compile="-fcf-protection=none"
machine_link=
compiled_again=

# Debian's musl is linked as it is.
prepare_musl() {
	:
}

check_program() {
	:
}
