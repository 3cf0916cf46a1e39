# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # for guest/init-oci/build, which sources it
#
# How guest/init-oci/build makes the program for aarch64.
debian_architecture=arm64
# -mno-outline-atomics: libgcc's helpers for them ask glibc which processor it is.
machine_compile="-mno-outline-atomics -mbranch-protection=standard"
# The fix for a fault of the Cortex-A53 by another instruction, which reaches all of a
# program of less than 1 MiB, rather than by code in pages of its own.
# The relocations are for check-landing-pads; what ships has none.
machine_link="-Wl,--emit-relocs -Wl,--fix-cortex-a53-843419=adr"

# The files of musl that have functions which are called through a pointer. Such a call
# may arrive only at a landing pad (BTI), and Debian's musl has none, so these files are
# compiled again, with the flags that musl needs. check-landing-pads names the functions.
compiled_again="src/env/__libc_start_main.c src/malloc/free.c src/malloc/lite_malloc.c
	src/malloc/realloc.c src/time/clock_gettime.c"
as_musl="-std=c99 -ffreestanding -fno-strict-aliasing -fno-stack-protector -fno-lto"

compile_again() {
	musl_source=$BUILD_DIR/debian/musl
	# A binary package that was rebuilt has a version suffix that its source lacks.
	"$top/guest/fetch-deb" --source "musl=${MUSL_VERSION%+b[0-9]*}" "$musl_source"
	for source in $compiled_again; do
		# shellcheck disable=SC2086 # lists of flags
		compile "$musl_source/$source" $as_musl -I"$musl_source/arch/aarch64" \
			-I"$musl_source/arch/generic" -I"$musl_source/src/internal" -I"$musl_source/src/include"
	done
}

# The linker marks a program for BTI, which asks the kernel to enforce it, only if each of
# its objects is marked. Mark copies of musl's, and check below that the mark is true of
# the program. (With -z force-bti, the linker prints a warning for each object.)
mark_objects() {
	"$cc" -mbranch-protection=bti -x c -c -o "$work/note" /dev/null
	"${tools}objcopy" -O binary -j .note.gnu.property "$work/note" "$work/note.binary"
	mkdir "$work/marked"
	for file in crt1.o crti.o libc.a crtn.o; do
		"${tools}objcopy" --add-section .note.gnu.property="$work/note.binary" \
			--set-section-flags .note.gnu.property=alloc,readonly "$library/$file" "$work/marked/$file"
		# objcopy does not align a section that it adds in the same run.
		"${tools}objcopy" --set-section-alignment .note.gnu.property=8 "$work/marked/$file"
	done
	objects=$work/marked
}

prepare_musl() {
	compile_again
	mark_objects
}

check_program() {
	"$machine/check-landing-pads" "$work/linked"
}
