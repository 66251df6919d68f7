package engine

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The child restricts itself with Landlock before the engine is loaded: whatever a statement makes the engine do, it
// reaches only the store's own files, starts no program, opens no TCP connection and signals no other process. A
// restriction holds for a thread and what it starts, so the child restricts one thread and runs itself again on it.

// Rights to files, and to directories with all below.
const (
	rightsReadFile = unix.LANDLOCK_ACCESS_FS_READ_FILE
	rightsRead     = rightsReadFile | unix.LANDLOCK_ACCESS_FS_READ_DIR
	rightsRun      = rightsReadFile | unix.LANDLOCK_ACCESS_FS_EXECUTE
	rightsDevice   = rightsReadFile | unix.LANDLOCK_ACCESS_FS_WRITE_FILE
	rightsWrite    = rightsRead | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_REFER |
		unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE | unix.LANDLOCK_ACCESS_FS_MAKE_DIR |
		unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SYM | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK
)

// minLandlock is the first version that can allow renaming between directories, which the engine does all the time.
const minLandlock = 2

var errNoSandbox = errors.New("this kernel has no Landlock")

// enterSandbox restricts the process to reading and writing below the directories of write, reading below those of read,
// and what every process needs. On success it does not return: the program starts again, with env.
func enterSandbox(write, read, env []string) error {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 || version < minLandlock {
		return errNoSandbox
	}
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program's own file: %w", err)
	}
	runtime.LockOSThread() // never unlocked: this thread becomes the new program
	rules, handled, err := newRules(int(version))
	if err != nil {
		return err
	}
	for path, rights := range sandboxRights(exe, write, read) {
		if err := allow(rules, path, rights&handled); err != nil {
			return err
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("giving up privileges: %w", err)
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(rules), 0, 0); errno != 0 {
		return fmt.Errorf("entering the sandbox: %w", errno)
	}
	_ = unix.Close(rules)
	dropCapabilities()
	return fmt.Errorf("starting again in the sandbox: %w", syscall.Exec(exe, os.Args, env))
}

// keptCapabilities let root, should the program run as root, still use a store directory that belongs to another user.
var keptCapabilities = map[uintptr]bool{unix.CAP_CHOWN: true, unix.CAP_DAC_OVERRIDE: true, unix.CAP_FOWNER: true}

// dropCapabilities takes root's powers from the program that is started next: with them it could read the memory and the
// environment of other processes in spite of the sandbox. Others have none, and the kernel refuses; that is no error.
func dropCapabilities() {
	for c := range uintptr(unix.CAP_LAST_CAP + 1) {
		if !keptCapabilities[c] {
			_ = unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0)
		}
	}
}

// newRules creates an empty set of rules for everything this kernel can restrict.
func newRules(version int) (fd int, handled uint64, err error) {
	handled = unix.LANDLOCK_ACCESS_FS_TRUNCATE - 1 // the rights of version 2 are all the lower bits
	attr := unix.LandlockRulesetAttr{}
	if version >= 3 {
		handled |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if version >= 4 {
		attr.Handled_access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	}
	if version >= 5 {
		handled |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	if version >= 6 {
		attr.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
	}
	attr.Handled_access_fs = handled
	const size = unsafe.Offsetof(attr.Quiet_access_fs) // what came later is not used
	r, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if errno != 0 {
		return 0, 0, fmt.Errorf("creating the sandbox: %w", errno)
	}
	return int(r), handled, nil
}

// sandboxRights says what the child may do where. Paths that do not exist are left out later.
func sandboxRights(exe string, write, read []string) map[string]uint64 {
	m := map[string]uint64{exe: rightsRun, "/dev/null": rightsDevice, "/dev/urandom": rightsReadFile, "/dev/random": rightsReadFile}
	// Other processes below /proc stay closed: Landlock refuses what needs the right to trace them.
	for _, dir := range []string{"/proc", "/sys/fs/cgroup", "/sys/devices/system", "/sys/block", "/sys/class/block", "/sys/kernel/mm",
		"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/nix/store", "/gnu/store", "/usr/share/zoneinfo"} {
		m[dir] = rightsRead
	}
	for _, file := range []string{"/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/localtime", "/etc/timezone", "/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/host.conf"} {
		m[file] = rightsReadFile
	}
	for _, dir := range filepath.SplitList(os.Getenv("LD_LIBRARY_PATH")) {
		m[dir] = rightsRead
	}
	for _, dir := range read {
		m[dir] = rightsRead
	}
	for _, dir := range write {
		m[dir] = rightsWrite
	}
	if loader := loaderOf(exe); loader != "" {
		m[loader] = rightsRun
	}
	return m
}

// loaderOf gives the dynamic loader the kernel starts a program with.
func loaderOf(exe string) string {
	f, err := elf.Open(exe)
	if err != nil {
		return ""
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			b, err := io.ReadAll(p.Open())
			if err != nil {
				return ""
			}
			return strings.TrimRight(string(b), "\x00")
		}
	}
	return ""
}

func allow(rules int, path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.EACCES) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sandbox: opening %s: %w", path, err)
	}
	defer unix.Close(fd)
	attr := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(fd)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(rules), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&attr)), 0, 0, 0)
	if errno != 0 {
		return fmt.Errorf("sandbox: allowing %s: %w", path, errno)
	}
	return nil
}
