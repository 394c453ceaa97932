#pragma once

// Small compiled functions for what Glibc's Swift module lacks; no type of the C library shows here.

/// renames only where nothing has the new name: `renameat2` and `RENAME_NOREPLACE` are not in Glibc's module map.
///
/// Answers 0 or the errno: EEXIST where the name is taken, EINVAL or ENOSYS where the filesystem can't (NFS, some
/// FUSE).
int clinux_rename_new(const char *from, const char *to);

/// Whether any process holds the open file for writing: 0 nobody, 1 somebody, -1 the kernel won't tell.
///
/// In C since `fcntl` is variadic and `F_SETLEASE`, `F_SETSIG` are not in Glibc's module map. The descriptor must have
/// been opened read-only; a lease granted is given up at once (fcntl(2), "Leases").
int clinux_writers(int descriptor);

/// Whether the filesystem's lease answers speak of every writer there is: 1 yes, 0 no.
///
/// NFSv4 and SMB answer EAGAIN for want of a delegation, with no writer anywhere, and FUSE knows local writers only. In
/// C since `statfs` and the magic numbers are not in Glibc's module map.
int clinux_leases_tell(int descriptor);

/// The next entry of an open folder (a `DIR *`): 1 and its name and `d_type`, or 0 at the end, or -errno.
///
/// In C since `d_name` is a 256-element tuple in Swift. The name lives until the next call.
int clinux_next_entry(void *folder, const char **name, unsigned char *type);

/// The number of the mount that a path leads to; 0 where the kernel does not tell (before 5.8).
///
/// A bind mount is on the same device, and still no rename leads out of it. In C since `statx` is not in Glibc's module map.
unsigned long clinux_mount_id(const char *path);

/// Returns to the system what malloc keeps between blocks in use: of itself it returns only what is free at the end of a heap
/// (malloc_trim(3), which Glibc's module map leaves out).
void clinux_return_free_memory(void);

/// Whether `part` stands somewhere in `text`: `memmem`, which Glibc's module map leaves out.
int clinux_holds(const void *text, unsigned long length, const void *part, unsigned long part_length);

/// Keeps SIGTERM, SIGINT and SIGHUP for `clinux_next_signal`; 0 or the errno. In `upsertd run` they are kept from before
/// `main` (a constructor in EarlyStart.c). In C since Swift has neither constructors nor code that may run in a signal
/// handler. Not blocked: libdispatch's `dispatch_main` waits on the first thread with every signal let through.
int clinux_keep_signals(void);

/// Waits for one of them; 0 where none came within the time. A negative time is without limit.
int clinux_next_signal(long milliseconds);

/// Raises the soft limit of open files to the hard one, but no further than `most`; answers the limit that holds now, and
/// what it was. In C since `RLIMIT_NOFILE` has another type on each C library.
unsigned long clinux_raise_open_files(unsigned long most, unsigned long *before);
