// SPDX-License-Identifier: Apache-2.0
/*
 * In the guest of fragments.test: run a machine, as a VMM in the guest would. Its
 * only program writes to a device that is not there, which ends it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "must.h"

/* Where the program is, and the device that is not there */
enum { CODE = 0x10000, DEVICE = 0x20000, SIZE = 4096 };

/* Each writes its answer, 42, to the device. */
#ifdef __x86_64__
static const uint8_t machine_code[] = {
	0xc6, 0x07, 0x2a, /* movb $42, (%bx), in real mode */
};

static void start_at_code(int machine, int vcpu)
{
	struct kvm_sregs special;
	struct kvm_regs registers = { .rflags = 2 };

	(void)machine;
	must(!ioctl(vcpu, KVM_GET_SREGS, &special), "KVM_GET_SREGS");
	special.cs.base = CODE;
	special.cs.selector = CODE >> 4;
	special.ds.base = DEVICE;
	special.ds.selector = DEVICE >> 4;
	must(!ioctl(vcpu, KVM_SET_SREGS, &special), "KVM_SET_SREGS");
	must(!ioctl(vcpu, KVM_SET_REGS, &registers), "KVM_SET_REGS");
}
#else
static const uint32_t machine_code[] = {
	0x52800540, /* mov w0, #42 */
	0x39000020, /* strb w0, [x1] */
};

static void set_register(int vcpu, uint64_t id, uint64_t value)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&value };

	must(!ioctl(vcpu, KVM_SET_ONE_REG, &reg), "KVM_SET_ONE_REG");
}

#define CORE_REGISTER(name) \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(name))

static void start_at_code(int machine, int vcpu)
{
	struct kvm_vcpu_init init;

	must(!ioctl(machine, KVM_ARM_PREFERRED_TARGET, &init), "KVM_ARM_PREFERRED_TARGET");
	must(!ioctl(vcpu, KVM_ARM_VCPU_INIT, &init), "KVM_ARM_VCPU_INIT");
	set_register(vcpu, CORE_REGISTER(regs.pc), CODE);
	set_register(vcpu, CORE_REGISTER(regs.regs[1]), DEVICE);
}
#endif

int main(void)
{
	int kvm = open("/dev/kvm", O_RDWR);
	struct kvm_userspace_memory_region memory = { .guest_phys_addr = CODE,
						      .memory_size = SIZE };
	struct kvm_run *run;
	int machine, vcpu;
	void *page = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(kvm >= 0, "/dev/kvm");
	must(page != MAP_FAILED, "mmap");
	memcpy(page, machine_code, sizeof(machine_code));
	memory.userspace_addr = (uintptr_t)page;
	machine = ioctl(kvm, KVM_CREATE_VM, 0);
	must(machine >= 0, "KVM_CREATE_VM");
	must(!ioctl(machine, KVM_SET_USER_MEMORY_REGION, &memory), "memory");
	vcpu = ioctl(machine, KVM_CREATE_VCPU, 0);
	must(vcpu >= 0, "KVM_CREATE_VCPU");
	run = mmap(NULL, ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE, MAP_SHARED,
		   vcpu, 0);
	must(run != MAP_FAILED, "mmap of the processor");
	start_at_code(machine, vcpu);
	must(!ioctl(vcpu, KVM_RUN, 0), "KVM_RUN");
	must(run->exit_reason == KVM_EXIT_MMIO && run->mmio.is_write && run->mmio.len == 1 &&
		     run->mmio.phys_addr == DEVICE,
	     "the write of the machine");
	must(run->mmio.data[0] == 42, "what the machine has written");
	return 0;
}
