// `postern connector run` around programs of the system, as a user without rights. No relay is needed to see names.
import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { after, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { findPlainUser, lackOfNamespaces } from './plain-user.ts'
import { missingPrograms } from './run-program.ts'

const user = findPlainUser()
after(() => rmSync(user.folder, { recursive: true, force: true }))
const lack = lackOfNamespaces(user)
if (lack !== undefined && process.env['CI'] === 'true') throw new Error(`no namespaces for users: ${lack}`)
const skip =
  missingPrograms({ unshare: 'util-linux', setpriv: 'util-linux', script: 'bsdutils', ip: 'iproute2' }) ||
  (lack !== undefined && `NOT TESTED: this system has no namespaces for users: ${lack}`)

const needsRoot = process.getuid?.() !== 0 && 'NOT TESTED: root keeps its rights: run as root'

const deadRelay = 'Endpoint=sb://127.0.0.1:1/;SharedAccessKeyName=send;SharedAccessKey=c2VuZA==;EntityPath=db'
const cli = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))

/** Words that run a program by `connector run`; `before` stands in front of them. */
function runWords(options: readonly string[], program: readonly string[]): readonly string[] {
  const connector = ['connector', 'run', '--state-dir', user.folder, '-x', `db.corp:5432=${deadRelay}`]
  return [process.execPath, '--conditions=@postern/source', cli, ...connector, ...options, '--', ...program]
}

/** Several processes of Node stand behind each program here, and a busy machine starts one in ten seconds. */
const patienceMs = 100_000

/** A program that runs, and what it says. */
class Running {
  readonly child: ChildProcessWithoutNullStreams
  readonly closed: Promise<unknown>
  stdout = ''
  stderr = ''

  constructor([program = '', ...args]: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(program, args, { cwd: tmpdir(), env: { ...process.env, ...env }, timeout: 1.5 * patienceMs })
    this.closed = once(this.child, 'close')
    this.child.stdin.on('error', () => {})
    this.child.stdout.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString().replaceAll('\r\n', '\n')
      this.child.emit('said')
    })
    this.child.stderr.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()))
  }

  async until(wanted: RegExp): Promise<void> {
    const signal = AbortSignal.timeout(patienceMs)
    while (!wanted.test(this.stdout)) {
      const ended = this.closed.then(() => assert.fail(`it ended: ${this.all}`))
      const said = once(this.child, 'said', { signal })
      await Promise.race([said.catch(() => assert.fail(`${wanted} was not said: ${this.all}`)), ended])
    }
  }

  /** What it said on both ways out, for the text of a failure. */
  get all(): string {
    return JSON.stringify([this.stdout, this.stderr])
  }

  async end(): Promise<number | null> {
    await this.closed
    return this.child.exitCode
  }
}

function field(status: string, name: string): string {
  return new RegExp(`^${name}:\\s*(\\w+)$`, 'm').exec(status)?.[1] ?? ''
}

describe('connector run', { skip, concurrency: 2 }, () => {
  test('the program and its children see the names, nobody else does; user, folder, input and exit code stay', async () => {
    const script = `id -u; pwd; echo "$GREETING"; getent hosts DB.corp db.corp.
      sh -c 'getent hosts db.corp >/dev/null && echo a child sees it'
      cat /proc/self/status; echo up; read line; echo "read $line"; exit 7`
    const running = new Running([...user.wrapper, ...runWords([], ['sh', '-c', script])], { GREETING: 'hello' })
    await running.until(/^up$/m)
    assert.notEqual(spawnSync('getent', ['hosts', 'db.corp']).status, 0)
    assert.doesNotMatch(readFileSync('/etc/hosts', 'utf8'), /db\.corp/)
    running.child.stdin.end('one line\n')
    assert.equal(await running.end(), 7)
    const [uid, folder, greeting, first, second, child] = running.stdout.split('\n')
    assert.deepEqual([uid, folder, greeting], [String(user.uid), tmpdir(), 'hello'])
    for (const line of [first, second]) assert.match(line ?? '', /^127\.\d+\.\d+\.\d+\s+db\.corp/)
    assert.equal(child, 'a child sees it')
    assert.match(running.stdout, /^read one line$/m)
    for (const name of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) assert.match(field(running.stdout, name), /^0+$/, name)
    assert.equal(field(running.stdout, 'NoNewPrivs'), '1')
  })

  test('root keeps its rights and its user namespace; the names are private all the same', {
    skip: needsRoot,
  }, async () => {
    const script = 'getent hosts db.corp; readlink /proc/self/ns/user /proc/self/ns/mnt; cat /proc/self/status'
    const running = new Running(runWords(['--state-dir', `${user.folder}/root`], ['sh', '-c', script]))
    assert.equal(await running.end(), 0, running.stderr)
    const [name, userNamespace, mountNamespace] = running.stdout.split('\n')
    assert.match(name ?? '', /^127\..*db\.corp/)
    assert.equal(userNamespace, readlinkSync('/proc/self/ns/user'))
    assert.notEqual(mountNamespace, readlinkSync('/proc/self/ns/mnt'))
    const own = readFileSync('/proc/self/status', 'utf8')
    for (const each of ['CapPrm', 'CapEff', 'NoNewPrivs']) assert.equal(field(running.stdout, each), field(own, each))
  })

  test('the key of a terminal reaches the program once, and the program decides', async () => {
    const script = `let count = 0; process.on('SIGINT', () => { count += 1; console.log('INT') })
      process.stdin.on('data', () => { console.log('count ' + count); process.exit(3) }); console.log('up ' + process.stdin.isTTY)`
    const words = [...user.wrapper, ...runWords([], [process.execPath, '-e', script])]
    const quoted = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
    // A shell that stays in between may end by the key itself, as dash does.
    const running = new Running(['script', '-qec', `exec ${quoted}`, '/dev/null'])
    await running.until(/up true/)
    running.child.stdin.write('\x03')
    await running.until(/INT/)
    running.child.stdin.write('x\n')
    assert.equal(await running.end(), 3, running.all)
    assert.match(running.stdout, /count 1/)
  })

  test('a connector that is killed takes its program with it, and leaves nothing', async () => {
    const running = new Running([...user.wrapper, ...runWords([], ['sh', '-c', 'echo $$; exec sleep 600'])])
    await running.until(/^\d+$/m)
    const program = Number(running.stdout)
    const mounted = readFileSync(`/proc/${program}/mountinfo`, 'utf8')
    const [, folder = ''] = /(postern-connector-\w+)\/hosts\S* \/etc\/hosts /.exec(mounted) ?? []
    assert.notEqual(folder, '', mounted)
    running.child.kill('SIGKILL')
    await running.end()
    const deadline = AbortSignal.timeout(20_000)
    while (existsSync(`/proc/${program}`)) await setTimeout(20, undefined, { signal: deadline })
    assert.equal(readdirSync(tmpdir()).includes(folder), false)
  })

  test('a network of its own has the addresses of the endpoints, ports below 1024, and nothing else', async () => {
    const endpoints = ['10.20.30.40:22', '[fd00:1::5]:80']
    const more = endpoints.flatMap((endpoint) => ['-x', `${endpoint}=${deadRelay}`])
    const probe = `const net = require('net'); const open = (port, host) => new Promise((done) => {
        net.connect(port, host, () => done('open')).on('error', (error) => done(error.code)) })
      Promise.all([open(22, '10.20.30.40'), open(80, 'fd00:1::5'), open(5432, 'db.corp'), open(23, '10.20.30.40'), open(53, '192.0.2.1')])
        .then((results) => { console.log(results.join(' ')); process.exit() })`
    const running = new Running([
      ...user.wrapper,
      ...runWords(['--own-network', ...more], [process.execPath, '-e', probe]),
    ])
    assert.equal(await running.end(), 0, running.stderr)
    assert.equal(running.stdout.trim(), 'open open open ECONNREFUSED ENETUNREACH')
  })

  test('where users may have no namespaces, the cause and the other ways are named', async () => {
    const drop = ['setpriv', '--ambient-caps=-all', '--inh-caps=-all', '--']
    const words = [...drop, ...runWords([], ['psql', '-h', 'db.corp'])]
    const limited = ['unshare', '--user', '--map-user=1', '--map-group=1', '--keep-caps', 'sh', '-c']
    const forbid = 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"'
    const running = new Running([...limited, forbid, 'sh', ...words])
    assert.equal(await running.end(), 2)
    const { stderr } = running
    assert.match(stderr, /sysctl user\.max_user_namespaces is 0/)
    assert.match(stderr, /NODE_OPTIONS=--import=@postern\/connector\/register/)
    assert.match(stderr, /JAVA_TOOL_OPTIONS=-Djdk\.net\.hosts\.file=FILE/)
  })

  test('a program that does not exist is said, with the code of a shell', async () => {
    // A folder of the path that the user may not look into would make it 126.
    const running = new Running([...user.wrapper, ...runWords([], ['no-such-program'])], { PATH: '/usr/bin:/bin' })
    assert.equal(await running.end(), 127)
    assert.match(running.stderr, /no-such-program.*No such file/)
  })
})
