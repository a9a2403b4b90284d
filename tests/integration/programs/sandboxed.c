// A sandbox in the manner of browsers: forbidden system calls raise SIGSYS, and its handler answers them. Prints what an
// open() of its own got, then allocates 300,000 blocks of 6001 bytes: whoever records them calls the kernel, too.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>

enum { kForbidden = 4, kBlocks = 300000 };

static void answer(int number, siginfo_t *info, void *context) {
  (void)number, (void)info;
#ifdef __x86_64__
  ((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = -EPERM;
#else
  ((ucontext_t *)context)->uc_mcontext.regs[0] = -EPERM;
#endif
}

static int enter(void) {
  struct sigaction action = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_NODEFER};
  if (sigaction(SIGSYS, &action, NULL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 0;
  struct sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, kForbidden, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fallocate, kForbidden - 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, kForbidden - 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prlimit64, kForbidden - 3, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
  };
  struct sock_fprog filter = {sizeof program / sizeof *program, program};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

int main(void) {
  if (!enter()) return puts("no seccomp here"), 0;
  printf("%s\n", open("/dev/null", O_RDONLY) < 0 ? strerror(errno) : "opened");
  for (int i = 0; i < kBlocks; ++i) free(malloc(6001));
  return 0;
}
