// A system that systemd has booted, in namespaces of its own: this machine's files below a layer that is thrown away, its
// network, and the project in /opt/postern. Root, and a kernel with overlayfs and control groups of version 2.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { output, type ProgramOptions, type ProgramResult, runProgram } from './run-program.ts'

const repository = dirname(dirname(import.meta.dirname))
const bootMs = 60_000

/** Makes the control group, in which systemd finds itself at the root. */
const enterGroup = `
mount --make-rprivate /
mkdir -p "$1/group" && mount -t cgroup2 none "$1/group"
mkdir "$1/group/$2" && echo $$ > "$1/group/$2/cgroup.procs"
shift 2
exec unshare --pid --fork --kill-child --uts --ipc --cgroup sh -ec "$@"
`

/** Makes the root folder of the system, and becomes its first program. What the kernel shares is read-only. */
const boot = `
folder=$1 project=$2 node=$3 root=$1/root
mkdir -p "$folder/layer" "$root"
mount -t tmpfs none "$folder/layer"
mkdir "$folder/layer/upper" "$folder/layer/work"
mount -t overlay none -o "lowerdir=/,upperdir=$folder/layer/upper,workdir=$folder/layer/work" "$root"
mount -t proc none "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys" && mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro none "$root/sys"
mount -t cgroup2 none "$root/sys/fs/cgroup"
mount -t tmpfs none "$root/dev"
for device in null zero full random urandom tty; do touch "$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"; done
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=0666 none "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for each in run tmp; do mount -t tmpfs none "$root/$each"; done
mkdir -p "$root/opt/postern/packages" "$root/opt/postern/node_modules"
for each in packages node_modules; do mount --bind "$project/$each" "$root/opt/postern/$each"; done
touch "$root/opt/node" && mount --bind "$node" "$root/opt/node"
: > "$root/etc/fstab"
echo 0123456789abcdef0123456789abcdef > "$root/etc/machine-id"
cd "$root"
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=test chroot "$root" /lib/systemd/systemd --unit=sysinit.target --log-target=console --show-status=no
`

/** Booted by {@link BootedSystem.start}, gone with everything in it when it is disposed. */
export class BootedSystem implements AsyncDisposable {
  readonly #folder: string
  readonly #holder: ChildProcess
  #said = ''
  #pid = 0

  private constructor(folder: string) {
    this.#folder = folder
    const words = [enterGroup, 'sh', folder, basename(folder), boot, 'sh', folder, repository, process.execPath]
    this.#holder = spawn('unshare', ['--mount', 'sh', '-ec', ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#holder.stdout, this.#holder.stderr])
      stream?.setEncoding('utf8').on('data', (chunk: string) => (this.#said = `${this.#said}${chunk}`.slice(-8192)))
  }

  static async start(): Promise<BootedSystem> {
    const system = new BootedSystem(mkdtempSync(join(tmpdir(), 'postern-boot-')))
    try {
      await system.#untilBooted()
      return system
    } catch (error) {
      await system[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Runs a program of it. */
  run(words: readonly string[], options: ProgramOptions = {}): Promise<ProgramResult> {
    const inside = ['--target', String(this.#pid), '-m', '-p', '-u', '-i', '-C', '--root', '--wd']
    const clean = ['env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin']
    return runProgram('nsenter', [...inside, '--', ...clean, ...words], { timeoutMs: 120_000, ...options })
  }

  /** Runs `hcm ...` in it. */
  hcm(words: readonly string[], options: ProgramOptions = {}): Promise<ProgramResult> {
    const main = '/opt/postern/packages/hcm/src/main.ts'
    return this.run(['/opt/node', '--conditions=@postern/source', main, ...words], options)
  }

  /** Where a file of it is for this process. */
  pathOf(path: string): string {
    return join(`/proc/${this.#pid}/root`, path)
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.pathOf(path)), { recursive: true })
    writeFileSync(this.pathOf(path), text)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode, signalCode } = this.#holder
    const closed = exitCode === null && signalCode === null ? once(this.#holder, 'close') : undefined
    this.#holder.kill('SIGKILL')
    await closed
    const group = join(this.#folder, 'group')
    // The kernel ends what is left inside, and lets go of the group a moment later.
    const clear = `mount -t cgroup2 none "$1"
      for try in $(seq 100); do
        find "$1/$2" -depth -type d -exec rmdir {} + 2>/dev/null || true
        [ -d "$1/$2" ] || exit 0
        sleep 0.1
      done
      exit 1`
    await output('unshare', ['--mount', 'sh', '-c', clear, 'sh', group, basename(this.#folder)])
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #untilBooted(): Promise<void> {
    const until = performance.now() + bootMs
    for (;;) {
      if (this.#holder.exitCode !== null) throw new Error(`it did not boot: ${this.#said}`)
      this.#pid = childOf(this.#holder.pid)
      if (this.#pid > 0) {
        const { stdout } = await this.run(['systemctl', 'is-system-running'])
        if (/running|degraded/.test(stdout.toString())) return
      }
      if (performance.now() > until) throw new Error(`it is not up after ${bootMs / 1000} s: ${this.#said}`)
      await delay(200)
    }
  }
}

/** The first program of the namespace; 0 as long as there is none. */
function childOf(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0])
  } catch {
    return 0
  }
}
