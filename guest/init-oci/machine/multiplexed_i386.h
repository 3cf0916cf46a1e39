/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that programs of i386 make through another one, socketcall (102) or ipc (117), whose
 * first argument says which it is. Of some, the kernel has also a number. These never change:
 * <linux/net.h>, <linux/ipc.h>.
 */
/* clang-format off */
#define MULTIPLEXED_I386(CALL) \
	CALL(accept, 102, 5) \
	CALL(accept4, 102, 18) \
	CALL(bind, 102, 2) \
	CALL(connect, 102, 3) \
	CALL(getpeername, 102, 7) \
	CALL(getsockname, 102, 6) \
	CALL(getsockopt, 102, 15) \
	CALL(listen, 102, 4) \
	CALL(recv, 102, 10) \
	CALL(recvfrom, 102, 12) \
	CALL(recvmmsg, 102, 19) \
	CALL(recvmsg, 102, 17) \
	CALL(send, 102, 9) \
	CALL(sendmmsg, 102, 20) \
	CALL(sendmsg, 102, 16) \
	CALL(sendto, 102, 11) \
	CALL(setsockopt, 102, 14) \
	CALL(shutdown, 102, 13) \
	CALL(socket, 102, 1) \
	CALL(socketpair, 102, 8) \
	CALL(msgctl, 117, 14) \
	CALL(msgget, 117, 13) \
	CALL(msgrcv, 117, 12) \
	CALL(msgsnd, 117, 11) \
	CALL(semctl, 117, 3) \
	CALL(semget, 117, 2) \
	CALL(semop, 117, 1) \
	CALL(semtimedop, 117, 4) \
	CALL(shmat, 117, 21) \
	CALL(shmctl, 117, 24) \
	CALL(shmdt, 117, 22) \
	CALL(shmget, 117, 23)
