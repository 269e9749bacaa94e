// What App Service's Hybrid Connections cannot do, each row of docs/guide/what-is-possible.md with the real server and the
// real client: one bridge beside the servers, one beside the clients, one hybrid connection, TLS on, each a process.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { DnsServer } from './dns-server.ts'
import { freePortRange } from './free-port.ts'
import { startFtpServer } from './ftp-server.ts'
import { ldapAdministrator, startLdapServer } from './ldap-server.ts'
import { MountedDrive } from './mounted-drive.ts'
import { startNfsServer } from './nfs-server.ts'
import { findPostgresPrograms, PostgresServer } from './postgres-server.ts'
import { RelayProcess } from './relay-process.ts'
import { missingPrograms, output, runProgram } from './run-program.ts'
import { sambaUser, startSambaServer } from './samba-server.ts'
import type { ServerInFolder } from './server-in-folder.ts'
import { Tunnel } from './tunnel.ts'

const programs = findPostgresPrograms() ?? ''
const skip =
  missingPrograms({
    smbd: 'samba',
    smbclient: 'smbclient',
    rclone: 'rclone',
    fusermount3: 'fuse3',
    'ganesha.nfsd': 'nfs-ganesha nfs-ganesha-vfs',
    'nfs-cp': 'libnfs-utils',
    vsftpd: 'vsftpd',
    slapd: 'slapd',
    ldapsearch: 'ldap-utils',
    dnsmasq: 'dnsmasq-base',
    dig: 'bind9-dnsutils',
    psql: 'postgresql-client',
  }) ||
  (programs === '' && 'NOT TESTED: no PostgreSQL server: apt install postgresql') ||
  (process.getuid?.() !== 0 && 'NOT TESTED: only root may mount, and start these servers')

/** Where the application's end opens its ports: what FTP servers tell their clients must be this address. */
const near = '127.90.1.1'
const passivePortCount = 100
const names = ['smb', 'nfs', 'ftp', 'ldap', 'dns-tcp', 'dns'] as const

describe('what Hybrid Connections of App Service cannot do', { skip, timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-possible-'))
  const socketFolder = join(folder, 'near')
  const cleanUp = new AsyncDisposableStack()
  let samba: ServerInFolder
  let nfs: ServerInFolder
  let ftp: ServerInFolder
  let ldap: ServerInFolder
  let postgres: PostgresServer
  let tunnel: Tunnel
  let firstPassivePort: number

  before(async () => {
    cleanUp.defer(() => rmSync(folder, { recursive: true, force: true }))
    firstPassivePort = await freePortRange(passivePortCount)
    const passive = { first: firstPassivePort, last: firstPassivePort + passivePortCount - 1, address: near }
    samba = cleanUp.use(await startSambaServer())
    nfs = cleanUp.use(await startNfsServer())
    ftp = cleanUp.use(await startFtpServer(passive))
    ldap = cleanUp.use(await startLdapServer())
    const dns = cleanUp.use(await DnsServer.start())
    postgres = cleanUp.use(await PostgresServer.start(programs))
    const relay = cleanUp.use(await RelayProcess.start([{ name: 'site' }]))
    mkdirSync(socketFolder)
    const range = `${passive.first}-${passive.last}`
    const ports = { smb: samba.port, nfs: nfs.port, ftp: ftp.port, ldap: ldap.port, 'dns-tcp': dns.port, dns: dns.port }
    const mark = (name: string): string => (name === 'dns' ? 'U' : '')
    const remote = names.map((name) => `${name}/127.0.0.1:${ports[name]}${mark(name)}`)
    const local = names.map((name) => `${near}:0${mark(name)}/${name}`)
    tunnel = cleanUp.use(
      await Tunnel.lead(relay, 'site', {
        remote: ['-T', `site:${remote.join(';')};127.0.0.1:${range}`, '-T', `site:pg/${postgres.socketPath}`],
        local: ['-L', `${local.join(';')};${near}:${range};${nearSocket()}//pg:site`],
      }),
    )
  })

  after(() => cleanUp[Symbol.asyncDispose]())

  const nearSocket = (): string => join(socketFolder, '.s.PGSQL.5432')
  const portOf = (name: (typeof names)[number]): number => tunnel.portAt(names.indexOf(name))

  test('a drive is mounted (SMB): files are written, read, renamed and removed on the far server', async () => {
    const share = { host: near, port: portOf('smb'), name: 'files/documents', user: sambaUser }
    const documents = samba.path('shared', 'documents')
    mkdirSync(documents)
    await using drive = await MountedDrive.mount(share)
    const content = randomBytes(4_000_000)
    writeFileSync(join(drive.folder, 'draft.bin'), content)
    assert.equal(hash(join(documents, 'draft.bin')), hash(content))
    renameSync(join(drive.folder, 'draft.bin'), join(drive.folder, 'report.bin'))
    assert.deepEqual(readdirSync(documents), ['report.bin'])
    writeFileSync(join(documents, 'far.bin'), content)
    assert.equal(hash(join(drive.folder, 'far.bin')), hash(content))
    unlinkSync(join(drive.folder, 'far.bin'))
    assert.deepEqual(readdirSync(documents), ['report.bin'])
  })

  test("Samba's own client has a session with the share", async () => {
    const file = join(folder, 'to-samba.bin')
    writeFileSync(file, randomBytes(100_000))
    const back = join(folder, 'from-samba.bin')
    const { name, password } = sambaUser
    const share = [`//${near}/files`, '-p', String(portOf('smb')), '-U', `${name}%${password}`]
    await output('smbclient', [...share, '-c', `put ${file} a.bin; get a.bin ${back}`])
    assert.equal(hash(back), hash(file))
    assert.equal(hash(samba.path('shared', 'a.bin')), hash(file))
    const wrong = await runProgram('smbclient', [...share.slice(0, 3), '-U', `${name}%wrong`, '-c', 'ls'])
    assert.match(wrong.stdout.toString(), /NT_STATUS_LOGON_FAILURE/)
  })

  test('NFS version 4 over its one port: files go both ways', async () => {
    const url = (file: string): string => `nfs://${near}/files/${file}?version=4&nfsport=${portOf('nfs')}`
    // This client and this server do not agree about larger writes, without a tunnel either.
    const file = join(folder, 'to-nfs.bin')
    writeFileSync(file, randomBytes(2_000))
    await output('nfs-cp', [file, url('small.bin')])
    assert.equal(hash(nfs.path('shared', 'small.bin')), hash(file))
    const large = nfs.path('shared', 'large.bin')
    writeFileSync(large, randomBytes(3_000_000))
    const back = join(folder, 'from-nfs.bin')
    await output('nfs-cp', [url('large.bin'), back])
    assert.equal(hash(back), hash(large))
    assert.match(await output('nfs-ls', [url('').replace('/?', '?')]), / large\.bin$/m)
  })

  test('UDP: names are asked of a DNS server, and an answer too long for UDP is asked for again over TCP', async () => {
    const dig = (...args: string[]): Promise<string> =>
      output('dig', [`@${near}`, '-p', String(portOf('dns')), '+tries=1', '+timeout=10', ...args])
    assert.equal(await dig('+short', '+notcp', 'db.corp.test'), '10.1.2.3')
    const cut = await dig('+notcp', '+ignore', '+bufsize=512', 'long.corp.test', 'TXT')
    assert.match(cut, /;; flags: [^;]*\btc\b/)
    const whole = await output('dig', [`@${near}`, '-p', String(portOf('dns-tcp')), '+tcp', 'long.corp.test', 'TXT'])
    assert.match(whole, /"7{200}"/)
  })

  for (const [mode, flag] of [
    ['passive mode', '--disable-epsv'],
    ['extended passive mode', '--epsv'],
  ] as const) {
    test(`FTP in ${mode}: data connections go to a port that the server picks out of ${passivePortCount}`, async () => {
      const ftpUrl = `ftp://${near}:${portOf('ftp')}`
      const file = join(folder, `to-${flag}.bin`)
      writeFileSync(file, randomBytes(1_000_000))
      // The address in the server's answer is used as it is.
      const curl = (...args: string[]) => runProgram('curl', ['-v', '-s', flag, '--no-ftp-skip-pasv-ip', ...args])
      const put = await curl('-T', file, `${ftpUrl}/incoming/${flag}.bin`)
      assert.equal(put.code, 0, put.stderr)
      assert.match(put.stderr, flag === '--epsv' ? /< 229 .*\|{3}\d+\|/ : /< 227 .*\(127,90,1,1,/)
      assert.equal(hash(ftp.path('shared', `incoming/${flag}.bin`)), hash(file))
      const got = await curl(`${ftpUrl}/incoming/${flag}.bin`)
      assert.equal(hash(got.stdout), hash(file), got.stderr)
      const list = await curl(`${ftpUrl}/incoming/`)
      assert.match(list.stdout.toString(), new RegExp(`1000000 .* ${flag}\\.bin`))
    })
  }

  test('LDAP: entries are added and searched, and a wrong password is refused by the directory', async () => {
    const { name, password } = ldapAdministrator
    const server = ['-x', '-H', `ldap://${near}:${portOf('ldap')}`]
    const people = Array.from(
      { length: 200 },
      (_, index) => `dn: uid=u${index},dc=corp,dc=test\nobjectClass: inetOrgPerson\ncn: User ${index}\nsn: ${index}\n`,
    )
    const root = 'dn: dc=corp,dc=test\nobjectClass: dcObject\nobjectClass: organization\no: Corp\n'
    const input = [root, ...people].join('\n')
    await output('ldapadd', [...server, '-D', name, '-w', password], { input })
    const search = [...server, '-LLL', '-b', 'dc=corp,dc=test']
    const found = await output('ldapsearch', [...search, '(objectClass=inetOrgPerson)', 'cn'])
    assert.equal(found.match(/^cn: User /gm)?.length, 200)
    const wrong = await runProgram('ldapsearch', [...search, '-D', name, '-w', 'wrong'])
    assert.match(wrong.stderr, /Invalid credentials/)
  })

  test('PostgreSQL that listens on a Unix socket is used through a Unix socket', async () => {
    const args = ['--no-psqlrc', '--tuples-only', '--no-align', '--command']
    const env = { PGHOST: socketFolder, PGPORT: '5432', PGUSER: 'postgres', PGDATABASE: 'postgres' }
    assert.equal(await output('psql', [...args, 'select inet_client_addr() is null'], { env }), 't')
    assert.equal(await output('psql', [...args, "select length(repeat('x', 2000000))"], { env }), '2000000')
  })
})

function hash(what: string | Buffer): string {
  const content = typeof what === 'string' ? readFileSync(what) : what
  return createHash('sha256').update(content).digest('hex')
}
