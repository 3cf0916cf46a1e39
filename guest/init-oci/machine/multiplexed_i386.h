/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that programs of i386 make through another one, socketcall (102) or ipc (117), whose
 * first argument says which it is. Of some, the kernel has also a number. These never change:
 * <linux/net.h>, <linux/ipc.h>. Of the argument of ipc, only the lower half counts: the
 * upper one is a version, which the kernel takes whatever it is.
 */
/* clang-format off */
#define MULTIPLEXED_I386(CALL) \
	CALL(accept, 102, 0xffffffff, 5) \
	CALL(accept4, 102, 0xffffffff, 18) \
	CALL(bind, 102, 0xffffffff, 2) \
	CALL(connect, 102, 0xffffffff, 3) \
	CALL(getpeername, 102, 0xffffffff, 7) \
	CALL(getsockname, 102, 0xffffffff, 6) \
	CALL(getsockopt, 102, 0xffffffff, 15) \
	CALL(listen, 102, 0xffffffff, 4) \
	CALL(recv, 102, 0xffffffff, 10) \
	CALL(recvfrom, 102, 0xffffffff, 12) \
	CALL(recvmmsg, 102, 0xffffffff, 19) \
	CALL(recvmsg, 102, 0xffffffff, 17) \
	CALL(send, 102, 0xffffffff, 9) \
	CALL(sendmmsg, 102, 0xffffffff, 20) \
	CALL(sendmsg, 102, 0xffffffff, 16) \
	CALL(sendto, 102, 0xffffffff, 11) \
	CALL(setsockopt, 102, 0xffffffff, 14) \
	CALL(shutdown, 102, 0xffffffff, 13) \
	CALL(socket, 102, 0xffffffff, 1) \
	CALL(socketpair, 102, 0xffffffff, 8) \
	CALL(msgctl, 117, 0xffff, 14) \
	CALL(msgget, 117, 0xffff, 13) \
	CALL(msgrcv, 117, 0xffff, 12) \
	CALL(msgsnd, 117, 0xffff, 11) \
	CALL(semctl, 117, 0xffff, 3) \
	CALL(semget, 117, 0xffff, 2) \
	CALL(semop, 117, 0xffff, 1) \
	CALL(semtimedop, 117, 0xffff, 4) \
	CALL(shmat, 117, 0xffff, 21) \
	CALL(shmctl, 117, 0xffff, 24) \
	CALL(shmdt, 117, 0xffff, 22) \
	CALL(shmget, 117, 0xffff, 23)
