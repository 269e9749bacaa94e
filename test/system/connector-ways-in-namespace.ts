// A private site, and programs that reach it in every way that the connector has, in a network and mount namespace of their
// own; prints what came of each as JSON.
import { chownSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { interopFixtureFolder } from '../interop/fixture-install.ts'
import { ObservedProgram } from './observed-program.ts'
import { findPlainUser } from './plain-user.ts'
import { PrivateSite, type ServiceName, withFile } from './private-site.ts'
import { output } from './run-program.ts'
import type { UseOptions, UseResults } from './use-private-services.ts'

/** What came of each way. */
export interface WayResults {
  /** The user without rights. */
  readonly plainUid: number
  readonly run: UseResults
  readonly hosts: UseResults
  /** The hosts file before, while and after the names stood in it. */
  readonly hostsFile: readonly [before: string, during: string, after: string]
  readonly dns: UseResults
  /** A Node program with the hook, and one that was run by `--way node`. */
  readonly register: UseResults
  readonly wayNode: UseResults
  /** What programs printed in a network of their own. */
  readonly ownNetwork: { readonly ssh: string; readonly literal: string }
  readonly java: readonly string[]
}

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const node = [process.execPath, '--conditions=@postern/source'] as const
const user = findPlainUser()

const site = await PrivateSite.start()
try {
  const sshKeyFile = join(user.folder, 'key')
  copyFileSync(site.sshKeyFile, sshKeyFile)
  if (user.isAnother) chownSync(sshKeyFile, user.uid, user.uid)
  const byName = configuration('by-name', ['db', 'cache', 'web', 'secure', 'ssh'])
  const everything: UseOptions = {
    packages: join(interopFixtureFolder('drivers'), 'package.json'),
    caFile: site.siteCaFile,
    sshKeyFile,
    sshUser: site.sshUser,
    withPrograms: true,
  }
  const application = [...node, file('./use-private-services.ts'), JSON.stringify(everything)]

  const run = await connectorRun(byName, [], application)
  const low = configuration('low', ['ssh22', 'literal'])
  const unasked =
    '-F none -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR'
  const script = `ssh ${unasked} -i "$0" "$1@ssh.corp" echo port 22 by name && curl -sS --noproxy "*" http://10.20.30.40/by-address`
  const ownNetwork = connectorRun(low, ['--own-network'], ['sh', '-c', script, sshKeyFile, site.sshUser])

  const web = configuration('web', ['web'])
  const java = ['java', file('./OpenByName.java'), 'http://web.corp:8080/java', 'web.corp']
  const nodeOnly = [...node, file('./use-private-services.ts'), JSON.stringify({ ...everything, withPrograms: false })]
  const [inOwnNetwork, byJava, byHosts, byDns, byRegister, byWayNode] = await Promise.all([
    ownNetwork,
    connectorRun(web, ['--way', 'java'], java),
    throughHostsFile(application),
    throughDns(application),
    withHook(byName, nodeOnly),
    connectorRun(byName, ['--way', 'node'], nodeOnly),
  ])
  const [ssh = '', literal = ''] = inOwnNetwork.split('\n')
  const results: WayResults = {
    plainUid: user.uid,
    run: JSON.parse(run) as UseResults,
    ...byHosts,
    dns: byDns,
    register: JSON.parse(byRegister) as UseResults,
    wayNode: JSON.parse(byWayNode) as UseResults,
    ownNetwork: { ssh, literal },
    java: byJava.split('\n'),
  }
  process.stdout.write(JSON.stringify(results))
} finally {
  await site[Symbol.asyncDispose]()
  rmSync(user.folder, { recursive: true, force: true })
}

/** A file that leads to some services, as an operator would write it. */
function configuration(name: string, services: readonly ServiceName[]): string {
  const path = join(user.folder, `${name}.yml`)
  const endpoints = services.map((service) => ({
    endpoint: site.endpoint(service),
    connectionString: site.send(service),
  }))
  // JSON is YAML.
  writeFileSync(path, JSON.stringify({ endpoints, tlsCa: site.relayCaFile, stateDir: join(user.folder, name) }))
  return path
}

function connectorRun(config: string, options: readonly string[], program: readonly string[]): Promise<string> {
  const words = [...user.wrapper, ...node, file('../../packages/cli/src/main.ts'), 'connector', 'run', '-f', config]
  const [first = '', ...rest] = [...words, ...options, '--', ...program]
  return output(first, rest, { timeoutMs: 100_000 })
}

/** `import '@postern/connector/register'` before the program itself. */
function withHook(config: string, [program = '', ...args]: readonly string[]): Promise<string> {
  const hook = ['--import', import.meta.resolve('@postern/connector/register')]
  const words: readonly string[] = [...user.wrapper, program, ...hook, ...args]
  const [first = '', ...rest] = words
  return output(first, rest, { env: { POSTERN_CONNECTOR_CONFIG: config }, timeoutMs: 100_000 })
}

/** A connector that serves, and the words that run a program beside it. */
async function serve(options: readonly string[], wrapper: readonly string[] = []): Promise<ObservedProgram> {
  const connector = await ObservedProgram.start(['connector', '--json', ...options], {}, wrapper)
  // What it is ready with.
  await connector.stdout.next(60_000)
  return connector
}

/** Everybody in a mount namespace has the hosts file that the connector writes into. */
async function throughHostsFile(application: readonly string[]): Promise<Pick<WayResults, 'hosts' | 'hostsFile'>> {
  const hosts = join(user.folder, 'hosts')
  copyFileSync('/etc/hosts', hosts)
  const read = (): string => readFileSync(hosts, 'utf8')
  const before = read()
  const config = configuration('hosts-way', ['db', 'cache', 'web', 'secure', 'ssh'])
  await using connector = await serve(['-f', config, '--hosts'], withFile(hosts, '/etc/hosts'))
  const during = read()
  const beside = ['--target', String(connector.pid), '--mount', '--', ...application]
  const used = await output('nsenter', beside, { timeoutMs: 100_000 })
  await connector.stop()
  return { hosts: JSON.parse(used) as UseResults, hostsFile: [before, during, read()] }
}

/** Programs of this network ask the connector for names. */
async function throughDns(application: readonly string[]): Promise<UseResults> {
  const config = configuration('dns-way', ['db', 'cache', 'web', 'secure', 'ssh'])
  const connector = await serve(['-f', config, '--dns', '127.0.0.1:53'])
  try {
    const resolver = join(user.folder, 'resolv.conf')
    writeFileSync(resolver, 'nameserver 127.0.0.1\n')
    const [program = '', ...args] = [...withFile(resolver, '/etc/resolv.conf'), ...application]
    return JSON.parse(await output(program, args, { timeoutMs: 100_000 })) as UseResults
  } finally {
    await connector.stop()
  }
}
