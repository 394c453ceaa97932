#pragma once

// Small compiled functions for what Glibc's Swift module lacks; no type of the C library is exposed here.

/// Renames only if nothing has the new name: `renameat2` and `RENAME_NOREPLACE` are not in Glibc's module map.
///
/// Returns 0 or the errno: EEXIST if the name is taken, EINVAL or ENOSYS if the filesystem can't do it (NFS, some
/// FUSE).
int clinux_rename_new(const char *from, const char *to);

/// Whether any process holds the open file for writing: 0 no, 1 yes, -1 if the kernel doesn't say.
///
/// In C because `fcntl` is variadic and `F_SETLEASE`, `F_SETSIG` are not in Glibc's module map. The descriptor must
/// have been opened read-only; a granted lease is released at once (fcntl(2), "Leases").
int clinux_writers(int descriptor);

/// Whether the filesystem's lease answers cover every writer: 1 yes, 0 no.
///
/// NFSv4 and SMB answer EAGAIN for lack of a delegation, even if there is no writer anywhere, and FUSE knows only local
/// writers. In C because `statfs` and the magic numbers are not in Glibc's module map.
int clinux_leases_tell(int descriptor);

/// The next entry of an open folder (a `DIR *`): 1 with its name and `d_type`, or 0 at the end, or -errno.
///
/// In C because `d_name` is a 256-element tuple in Swift. The name is valid until the next call.
int clinux_next_entry(void *folder, const char **name, unsigned char *type);

/// The number of the mount that a path leads to; 0 if the kernel does not report it (before 5.8).
///
/// A bind mount is on the same device, yet no rename leads out of it. In C because `statx` is not in Glibc's module
/// map.
unsigned long clinux_mount_id(const char *path);

/// Writes `count` bytes of an open file from `offset` to the disk, and waits until they are there; returns 0 or the errno.
/// Metadata is not written: this paces, it does not make durable. In C because `sync_file_range` and its flags are not in
/// Glibc's module map.
int clinux_write_back(int descriptor, long offset, long count);

/// Returns the free memory between malloc's used blocks to the system: on its own, malloc returns only what is free at
/// the end of a heap (malloc_trim(3), which Glibc's module map leaves out).
void clinux_return_free_memory(void);

/// Whether `part` occurs in `text`: `memmem`, which Glibc's module map leaves out.
int clinux_holds(const void *text, unsigned long length, const void *part, unsigned long part_length);

/// Where `part` begins in `text`; -1 if it does not occur.
long clinux_find(const void *text, unsigned long length, const void *part, unsigned long part_length);

/// Keeps SIGTERM, SIGINT and SIGHUP for `clinux_next_signal`; returns 0 or the errno. In `upsertd run` they are kept
/// from before `main` (a constructor in EarlyStart.c). In C because Swift has neither constructors nor code that may
/// run in a signal handler. They are not blocked: libdispatch's `dispatch_main` waits on the first thread with all
/// signals unblocked.
int clinux_keep_signals(void);

/// Waits for one of them; returns 0 if none came within the time. A negative time means no limit.
int clinux_next_signal(long milliseconds);

/// Raises the soft limit of open files to the hard one, but to at most `most`; returns the limit that now holds, and in
/// `before` the previous one. In C because `RLIMIT_NOFILE` has a different type in each C library.
unsigned long clinux_raise_open_files(unsigned long most, unsigned long *before);
