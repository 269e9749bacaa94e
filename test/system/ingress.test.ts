// Devices at a public port of the relay: real clients and servers, and two ingress processes behind haproxy.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { PosternProcess } from '@postern/testkit'
import { DnsServer } from './dns-server.ts'
import { freePort } from './free-port.ts'
import { findPostgresPrograms, PostgresServer } from './postgres-server.ts'
import { missingPrograms, output, type ProgramResult, runProgram } from './run-program.ts'
import { ServerProgram } from './server-program.ts'

const postgres = findPostgresPrograms()
const skip =
  missingPrograms({
    curl: 'curl',
    openssl: 'openssl',
    haproxy: 'haproxy',
    nginx: 'nginx-light',
    psql: 'postgresql',
    dnsmasq: 'dnsmasq-base',
    dig: 'bind9-dnsutils',
    pdns_recursor: 'pdns-recursor',
  }) ||
  (postgres === undefined && 'needs postgresql')

const key = Buffer.alloc(32, 'ingress').toString('base64')
const guidePage = new URL('../../docs/guide/ingress.md', import.meta.url)

interface ReadyLine {
  readonly data: string
  readonly management: string
  readonly caFile: string
}

interface ReadyAdmin {
  readonly clientId: string
  readonly clientSecret: string
}

describe('devices at public ports', { skip, timeout: 400_000 }, () => {
  const parts = new AsyncDisposableStack()
  const ports = {
    shared: 0,
    ssh: 0,
    db: 0,
    told: 0,
    first: 0,
    second: 0,
    firstHealth: 0,
    secondHealth: 0,
    balanced: 0,
    managedDb: 0,
    managedDns: 0,
    who: 0,
  }
  let folder: string
  let ready: ReadyLine
  let database: PostgresServer
  let access: string
  let resources: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-ingress-'))
    // nginx and PostgreSQL change their user.
    await chmod(folder, 0o755)
    parts.defer(() => rm(folder, { recursive: true, force: true }))
    for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort()
    await makeCertificates()
    const [site, other, ssh, told] = await Promise.all([
      startSite('site.test'),
      startSite('other.test'),
      startSsh(),
      startTold(),
    ])
    database = parts.use(await PostgresServer.start(postgres ?? ''))
    await giveDatabaseTls()
    const [names, who] = [parts.use(await DnsServer.start()), await startRecursor()]
    await startRelay()
    const targets = { site, other, ssh, told, db: database.port }
    const forwards = Object.entries(targets).map(([name, port]) => `${name}:127.0.0.1:${port}`)
    // Datagrams do not go with bare bytes.
    await Promise.all([
      startFarEnd(forwards, '--framing', 'raw'),
      startFarEnd([`dns:127.0.0.1:${names.port}U`, `who:127.0.0.1:${who}U`]),
    ])
  })
  after(() => parts.disposeAsync())

  async function makeCertificates(): Promise<void> {
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
    for (const name of ['site.test', 'other.test', 'db.test', 'devices']) {
      const names = name === 'devices' ? [] : ['-addext', `subjectAltName=DNS:${name}`]
      await output('openssl', [
        'req',
        '-x509',
        ...ec,
        '-subj',
        `/CN=${name}`,
        ...names,
        '-keyout',
        join(folder, `${name}.key`),
        '-out',
        join(folder, `${name}.pem`),
      ])
    }
  }

  /** nginx, with what is in `server`. */
  async function startNginx(name: string, server: string, port: number): Promise<void> {
    const file = join(folder, `${name}.conf`)
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (kind) => `${kind}_temp_path ${folder}/${name}-${kind};`,
    )
    const http = `http { access_log off; ${paths.join(' ')} server { ${server} } }`
    await writeFile(file, `daemon off; user root; pid ${folder}/${name}.pid; error_log stderr; events {} ${http}`)
    parts.use(
      await ServerProgram.start({ command: 'nginx', args: ['-c', file, '-p', folder, '-e', 'stderr'], ready: port }),
    )
  }

  async function startSite(name: string): Promise<number> {
    const port = await freePort()
    const certificate = `ssl_certificate ${folder}/${name}.pem; ssl_certificate_key ${folder}/${name}.key;`
    await startNginx(
      name,
      `listen 127.0.0.1:${port} ssl; ${certificate} location / { return 200 "this is ${name}\\n"; }`,
      port,
    )
    return port
  }

  /** A site that says who its client is, as the PROXY header has it. */
  async function startTold(): Promise<number> {
    const port = await freePort()
    await startNginx(
      'told',
      `listen 127.0.0.1:${port} proxy_protocol; location / { return 200 "$proxy_protocol_addr $proxy_protocol_server_port\\n"; }`,
      port,
    )
    return port
  }

  /** PowerDNS Recursor: it answers with the address of who asks, as the PROXY header has it, and only those that `allow-from` names. */
  async function startRecursor(): Promise<number> {
    const port = await freePort()
    const script = join(folder, 'who.lua')
    const answer = `dq:addAnswer(pdns.TXT, '"' .. dq.remoteaddr:toString() .. '"')`
    await writeFile(script, `function preresolve(dq) ${answer} dq.rcode = 0 return true end\n`)
    const settings = {
      'local-address': '127.0.0.1',
      'local-port': port,
      'proxy-protocol-from': '127.0.0.1',
      'allow-from': '127.0.0.7,::1',
      'lua-dns-script': script,
      'config-dir': folder,
      'socket-dir': folder,
      'hint-file': 'no',
      'security-poll-suffix': '',
      'packetcache-ttl': 0,
      threads: 1,
      daemon: 'no',
      'write-pid': 'no',
      dnssec: 'off',
    }
    const args = Object.entries(settings).map(([name, value]) => `--${name}=${value}`)
    parts.use(await ServerProgram.start({ command: 'pdns_recursor', args, ready: port }))
    return port
  }

  async function startSsh(): Promise<number> {
    const port = await freePort()
    const [host, user] = [join(folder, 'host-key'), join(folder, 'user-key')]
    for (const file of [host, user]) await output('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file])
    writeFileSync(join(folder, 'authorized'), readFileSync(`${user}.pub`))
    mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
    const settings = {
      ListenAddress: `127.0.0.1:${port}`,
      HostKey: host,
      AuthorizedKeysFile: join(folder, 'authorized'),
      PidFile: 'none',
      StrictModes: 'no',
      UsePAM: 'no',
      PermitRootLogin: 'prohibit-password',
    }
    const options = Object.entries(settings).map(([name, value]) => `-o${name}=${value}`)
    parts.use(
      await ServerProgram.start({
        command: '/usr/sbin/sshd',
        args: ['-D', '-e', '-f', '/dev/null', ...options],
        ready: port,
      }),
    )
    return port
  }

  async function giveDatabaseTls(): Promise<void> {
    const psql = (statement: string) =>
      runProgram('psql', ['--no-psqlrc', '-c', statement], { env: database.environment() })
    for (const [setting, file] of [
      ['ssl_cert_file', 'db.test.pem'],
      ['ssl_key_file', 'db.test.key'],
    ] as const) {
      const target = join(folder, `postgres-${file}`)
      writeFileSync(target, readFileSync(join(folder, file)))
      await output('chown', ['postgres', target])
      await chmod(target, 0o600)
      await psql(`alter system set ${setting} = '${target}'`)
    }
    await psql('alter system set ssl = on')
    assert.equal((await psql('select pg_reload_conf()')).code, 0)
  }

  async function startRelay(): Promise<void> {
    const open = { access: 'open' } as const
    const ingress = [
      { name: 'site', port: ports.shared, sni: ['site.test'], hybridConnection: 'site', ...open },
      { name: 'other', port: ports.shared, sni: ['other.test'], hybridConnection: 'other', ...open },
      { name: 'db-by-name', port: ports.shared, sni: ['db.test'], hybridConnection: 'db', allow: ['127.0.0.0/8'] },
      {
        name: 'staff',
        port: ports.shared,
        hosts: ['staff.test'],
        tls: 'terminate',
        hybridConnection: 'told',
        proxyProtocol: 'v2',
        clientCertificates: join(folder, 'devices.pem'),
      },
      { name: 'db', port: ports.db, hybridConnection: 'db', ...open },
      { name: 'ssh', port: ports.ssh, hybridConnection: 'ssh', ...open },
      { name: 'told', port: ports.told, hybridConnection: 'told', proxyProtocol: 'v2', ...open },
      { name: 'who', port: ports.who, protocol: 'udp', hybridConnection: 'who', proxyProtocol: 'v2', ...open },
    ]
    const hybridConnections = ['site', 'other', 'ssh', 'told', 'db', 'dns', 'who'].map((name) => ({ name }))
    const rules = [{ name: 'Root', rights: ['Listen', 'Send', 'Manage'], primaryKey: key }]
    resources = join(folder, 'relay.yaml')
    await writeFile(
      resources,
      JSON.stringify({ namespaces: [{ name: 'local', default: true, rules, hybridConnections, ingress }] }),
    )
    const granted = `${ports.managedDb}/tcp,${ports.managedDns}/udp`
    const doors = ['--data-port', '0', '--management-port', '0', '--bind', '127.0.0.1', '--ingress-ports', granted]
    const relay = parts.use(
      new PosternProcess(['up', '--json', '--data', join(folder, 'data'), '--resources', resources, ...doors]),
    )
    const [line] = await relay.waitFor('stdout', /^\{"data".*$/m)
    ready = JSON.parse(line) as ReadyLine
    access = `Endpoint=sb://localhost:${new URL(ready.data).port}/;SharedAccessKeyName=Root;SharedAccessKey=${key}`
  }

  async function startFarEnd(targets: readonly string[], ...options: readonly string[]): Promise<void> {
    const forwards = targets.flatMap((target) => ['-T', target])
    const far = parts.use(
      new PosternProcess(['bridge', '--json', '--tls-ca', ready.caFile, ...options, ...forwards], {
        env: { POSTERN_CONNECTION_STRING: access },
      }),
    )
    await far.waitFor('stderr', new RegExp(`(forwarder\\.online[^]*){${targets.length}}`))
  }

  async function curl(host: string, port: number, ...options: readonly string[]): Promise<string> {
    const scheme = options.includes('--cacert') ? 'https' : 'http'
    const name = ['--resolve', `${host}:${port}:127.0.0.1`]
    const { code, stdout, stderr } = await runProgram('curl', [
      '-sS',
      '--noproxy',
      '*',
      '--max-time',
      '20',
      ...name,
      ...options,
      `${scheme}://${host}:${port}/`,
    ])
    return code === 0 ? stdout.toString().trim() : `curl ${code}: ${stderr.trim()}`
  }

  it('psql asks the database through a port of its own, and ssh runs a command through another', async () => {
    const { stdout } = await runProgram(
      'psql',
      ['--no-psqlrc', '-Atc', 'select sum(n) from generate_series(1, 200000) n'],
      { env: database.environment(ports.db) },
    )
    assert.equal(stdout.toString().trim(), '20000100000')
    const options = [
      '-F',
      '/dev/null',
      '-i',
      join(folder, 'user-key'),
      '-oStrictHostKeyChecking=no',
      '-oUserKnownHostsFile=/dev/null',
      '-oBatchMode=yes',
    ]
    const login = await runProgram('ssh', [
      ...options,
      '-p',
      String(ports.ssh),
      `${userInfo().username}@127.0.0.1`,
      'echo through',
    ])
    assert.equal(login.stdout.toString().trim(), 'through', login.stderr)
  })

  it('two HTTPS sites and a database share one port by their names, each with its own certificate', async () => {
    for (const name of ['site.test', 'other.test']) {
      assert.equal(await curl(name, ports.shared, '--cacert', join(folder, `${name}.pem`)), `this is ${name}`)
    }
    const place = {
      ...database.environment(ports.shared),
      PGHOST: 'db.test',
      PGHOSTADDR: '127.0.0.1',
      PGSSLMODE: 'verify-full',
      PGSSLROOTCERT: join(folder, 'db.test.pem'),
    }
    const { stdout, stderr } = await runProgram(
      'psql',
      ['--no-psqlrc', '-Atc', 'select ssl from pg_stat_ssl where pid = pg_backend_pid()'],
      { env: place },
    )
    assert.equal(stdout.toString().trim(), 't', stderr)
    assert.match(
      await curl('nobody.test', ports.shared, '--cacert', join(folder, 'site.test.pem')),
      /unrecognized name/,
    )
  })

  it('a site that asks for a client certificate refuses who has none; nginx behind it is told who came', async () => {
    const trusting = ['--cacert', ready.caFile]
    const shown = ['--cert', join(folder, 'devices.pem'), '--key', join(folder, 'devices.key')]
    assert.equal(await curl('staff.test', ports.shared, ...trusting, ...shown), `127.0.0.1 ${ports.shared}`)
    const refusal = /^This site lets in only devices with a client certificate/
    assert.match(await curl('staff.test', ports.shared, ...trusting), refusal)
    const foreign = ['--cert', join(folder, 'other.test.pem'), '--key', join(folder, 'other.test.key')]
    assert.match(await curl('staff.test', ports.shared, ...trusting, ...foreign), refusal)
    assert.equal(await curl('told.test', ports.told), `127.0.0.1 ${ports.told}`)
  })

  it('a DNS server that knows the PROXY protocol sees by UDP who asks', async () => {
    const ask = async (from: string, to: string): Promise<string> => {
      const args = ['-b', from, `@${to}`, '-p', String(ports.who), '+tries=2', '+time=5', 'who.test', 'TXT']
      return (await runProgram('dig', [...args, '+short'])).stdout.toString().trim()
    }
    // The far end asks from 127.0.0.1, which the server would not answer.
    const seen = await Promise.all([ask('127.0.0.7', '127.0.0.1'), ask('::1', '::1')])
    assert.deepEqual(seen, ['"127.0.0.7"', '"::1"'])
  })

  it('psql and dig come by ports that were opened by the management API, and are closed by it', async () => {
    const admin = JSON.parse(readFileSync(join(folder, 'data', 'bootstrap-admin.json'), 'utf8')) as ReadyAdmin
    const env = {
      POSTERN_ENDPOINT: ready.management,
      POSTERN_CLIENT_ID: admin.clientId,
      POSTERN_CLIENT_SECRET: admin.clientSecret,
      POSTERN_CA: ready.caFile,
      POSTERN_CONFIG_DIR: join(folder, 'nobody'),
    }
    const ingress = async (words: string): Promise<void> => {
      const args = `relay ingress ${words} --namespace-name local -g postern`.split(' ')
      const { code, stderr } = await PosternProcess.run(args, { env })
      assert.equal(code, 0, stderr)
    }
    const guard = '--allow 127.0.0.0/8'
    await Promise.all([
      ingress(`create -n managed-db --hybrid-connection db --port ${ports.managedDb} ${guard}`),
      ingress(`create -n managed-dns --hybrid-connection dns --port ${ports.managedDns} --protocol udp ${guard}`),
    ])
    const query = () =>
      runProgram('psql', ['--no-psqlrc', '-Atc', 'select 6 * 7'], { env: database.environment(ports.managedDb) })
    const lookUp = (): Promise<ProgramResult> => {
      const place = ['@127.0.0.1', '-p', String(ports.managedDns), '+tries=2', '+time=5']
      return runProgram('dig', [...place, '+short', 'db.corp.test'])
    }
    const [found, row] = await Promise.all([lookUp(), query()])
    assert.equal(row.stdout.toString().trim(), '42', row.stderr)
    assert.equal(found.stdout.toString().trim(), '10.1.2.3')
    await Promise.all([ingress('delete -n managed-db --yes'), ingress('delete -n managed-dns --yes')])
    const [lost, refused] = await Promise.all([lookUp(), query()])
    assert.match(refused.stderr, /Connection refused/)
    assert.match(lost.stdout.toString(), /connection refused/)
  })

  it('two ingress processes stand behind haproxy; one is killed, and devices are back at their first retry', async () => {
    const start = async (name: string, port: number, health: number): Promise<PosternProcess> => {
      const guard = { allow: ['127.0.0.1'], trustedProxies: ['127.0.0.1'] }
      const entry = { name, address: '127.0.0.1', port, hybridConnection: 'ssh', ...guard }
      const file = join(folder, `${name}.yaml`)
      await writeFile(file, JSON.stringify({ namespaces: [{ name: 'local', ingress: [entry] }] }))
      const args = ['ingress', '-f', file, '--health', String(health), '--tls-ca', ready.caFile]
      const running = parts.use(new PosternProcess(args, { env: { POSTERN_CONNECTION_STRING: access } }))
      await running.waitFor('stderr', /ingress\.ready/)
      return running
    }
    const [first] = await Promise.all([
      start('first', ports.first, ports.firstHealth),
      start('second', ports.second, ports.secondHealth),
    ])
    // The configuration of the guide, with ports of this test.
    const [, guide = ''] = /^```haproxy\n(.*?)^```$/ms.exec(readFileSync(guidePage, 'utf8')) ?? []
    const places = new Map([
      [':5432', `127.0.0.1:${ports.balanced}`],
      ['127.0.0.1:15432', `127.0.0.1:${ports.first}`],
      ['127.0.0.1:15433', `127.0.0.1:${ports.second}`],
      ['port 8446', `port ${ports.firstHealth}`],
      ['port 8447', `port ${ports.secondHealth}`],
    ])
    const lines = [...places].reduce((text, [from, to]) => {
      assert.ok(text.includes(` ${from}`), `the guide has no ${from}`)
      return text.replaceAll(` ${from}`, ` ${to}`)
    }, guide)
    const file = join(folder, 'haproxy.cfg')
    await writeFile(file, lines)
    parts.use(await ServerProgram.start({ command: 'haproxy', args: ['-f', file, '-db'], ready: ports.balanced }))
    const greeting = async (): Promise<string> => {
      const socket = connect({ port: ports.balanced, host: '127.0.0.1' })
      const signal = AbortSignal.timeout(20_000)
      const [bytes] = (await once(socket, 'data', { signal }).catch((error: Error) => [error.message])) as [
        Buffer | string,
      ]
      socket.destroy()
      return String(bytes)
    }
    for (let at = 0; at < 4; at += 1) assert.match(await greeting(), /^SSH-2\.0-/)
    first.kill('SIGKILL')
    await first.end()
    for (let at = 0; at < 4; at += 1) assert.match(await greeting(), /^SSH-2\.0-/)
  })
})
