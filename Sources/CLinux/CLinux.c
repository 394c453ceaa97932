#define _GNU_SOURCE
#include <malloc.h>
#include "CLinux.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

int clinux_rename_new(const char *from, const char *to) {
  return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0 ? 0 : errno;
}

int clinux_writers(int descriptor) {
  // A writer that opens the file while we hold the lease makes the kernel send us a signal: by default SIGIO, which
  // ends the process. SIGURG is ignored by default. F_UNLCK resets it to SIGIO (fs/locks.c, lease_modify), so it must
  // be set each time.
  if (fcntl(descriptor, F_SETSIG, SIGURG) != 0) return -1;
  if (fcntl(descriptor, F_SETLEASE, F_RDLCK) == 0) {
    fcntl(descriptor, F_SETLEASE, F_UNLCK);
    return 0;
  }
  return errno == EAGAIN ? 1 : -1;
}

int clinux_leases_tell(int descriptor) {
  struct statfs about;
  if (fstatfs(descriptor, &about) != 0) return 0;
  // linux/magic.h, or the filesystem's own source if the number is not there.
  switch ((unsigned int)about.f_type) {
    case 0xef53:      // ext2, ext3, ext4
    case 0x58465342:  // XFS
    case 0x9123683e:  // btrfs
    case 0x01021994:  // tmpfs
    case 0x858458f6:  // ramfs
    case 0x794c7630:  // overlayfs
    case 0xf2f52010:  // F2FS
    case 0x2fc12fc1:  // ZFS
    case 0xca451a4e:  // bcachefs
    case 0x3153464a:  // JFS
      return 1;
    default:
      return 0;
  }
}

int clinux_next_entry(void *folder, const char **name, unsigned char *type) {
  errno = 0;
  struct dirent *entry = readdir(folder);
  if (entry == NULL) return -errno;
  *name = entry->d_name;
  *type = entry->d_type;
  return 1;
}

unsigned long clinux_mount_id(const char *path) {
  struct statx about;
  // STATX_MNT_ID; older headers lack its name.
  if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, 0x1000, &about) != 0 || !(about.stx_mask & 0x1000)) return 0;
  return about.stx_mnt_id;
}

void clinux_return_free_memory(void) { malloc_trim(0); }

int clinux_holds(const void *text, unsigned long length, const void *part, unsigned long part_length) {
  return memmem(text, length, part, part_length) != NULL;
}

long clinux_find(const void *text, unsigned long length, const void *part, unsigned long part_length) {
  const void *found = memmem(text, length, part, part_length);
  return found ? (const char *)found - (const char *)text : -1;
}

int clinux_write_back(int descriptor, long offset, long count) {
  unsigned flags = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  return sync_file_range(descriptor, offset, count, flags) == 0 ? 0 : errno;
}
