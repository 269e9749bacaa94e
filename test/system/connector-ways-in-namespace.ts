// A private site, and programs that reach it in every way that the connector has, in a network and mount namespace of their
// own; prints what came of each as JSON.
import { chownSync, copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { interopFixtureFolder } from '../interop/fixture-install.ts'
import { findPlainUser } from './plain-user.ts'
import { PrivateSite, type ServiceName } from './private-site.ts'
import { output } from './run-program.ts'
import type { UseOptions, UseResults } from './use-private-services.ts'

/** What came of each way. */
export interface WayResults {
  /** The user without rights. */
  readonly plainUid: number
  readonly run: UseResults
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

  const run = connectorRun(byName, [], application)
  const web = configuration('web', ['web'])
  const java = connectorRun(
    web,
    ['--way', 'java'],
    ['java', file('./OpenByName.java'), 'http://web.corp:8080/java', 'web.corp'],
  )
  const low = configuration('low', ['ssh22', 'literal'])
  const unasked =
    '-F none -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR'
  const script = `ssh ${unasked} -i "$0" "$1@ssh.corp" echo port 22 by name && curl -sS --noproxy "*" http://10.20.30.40/by-address`
  const ownNetwork = connectorRun(low, ['--own-network'], ['sh', '-c', script, sshKeyFile, site.sshUser])

  const [byRun, inOwnNetwork, byJava] = await Promise.all([run, ownNetwork, java])
  const [ssh = '', literal = ''] = inOwnNetwork.split('\n')
  const results: WayResults = {
    plainUid: user.uid,
    run: JSON.parse(byRun) as UseResults,
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
  return output(first, rest, { timeoutMs: 50_000 })
}
