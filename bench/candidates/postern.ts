import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { findFreePort } from '../processes/free-port.ts'
import { createRunFolder } from '../processes/run-folder.ts'
import type { Candidate, RunningCandidate } from './candidate.ts'
import { ProcessGroup } from './start-processes.ts'

/** What `postern up --json` prints when it is ready, as far as it is needed here. */
interface ReadyLine {
  readonly caFile: string | null
  readonly hybridConnections: readonly {
    readonly name: string
    readonly listen: string | null
    readonly send: string | null
  }[]
}

const hybridConnection = 'db'
const resources = `namespaces:
  - name: local
    default: true
    rules: [{ name: bench, rights: [Listen, Send] }]
    hybridConnections:
      - { name: ${hybridConnection} }
`

/** Postern as it comes: TLS between the forwarders and the relay. */
export function createPostern(repositoryFolder: string): Candidate {
  return createCandidate(repositoryFolder, {
    name: 'postern',
    about: 'local forwarder, relay, remote forwarder: TLS, carriers, 3 processes',
    usesTls: true,
    usesCarriers: true,
  })
}

/** The same by the plain protocol, as with ends that are not ours: every connection has a relayed connection of its own. */
export function createPosternWithoutCarriers(repositoryFolder: string): Candidate {
  return createCandidate(repositoryFolder, {
    name: 'postern-one-each',
    about: 'the same with --carriers off: TLS, a relayed connection for each connection, 3 processes',
    usesTls: true,
    usesCarriers: false,
  })
}

/** Postern without TLS, as behind a load balancer that ends it: for comparison with peers that do not encrypt. */
export function createPlainPostern(repositoryFolder: string): Candidate {
  return createCandidate(repositoryFolder, {
    name: 'postern-plain',
    about: 'postern with --tls off: not encrypted, carriers, 3 processes',
    usesTls: false,
    usesCarriers: true,
  })
}

interface Variant {
  readonly name: string
  readonly about: string
  readonly usesTls: boolean
  readonly usesCarriers: boolean
}

function createCandidate(repositoryFolder: string, variant: Variant): Candidate {
  return {
    name: variant.name,
    about: variant.about,
    isEncrypted: variant.usesTls,
    runsByDefault: true,
    prepare: async () => undefined,
    start: async () => await startPostern(repositoryFolder, variant),
  }
}

async function startPostern(repositoryFolder: string, variant: Variant): Promise<RunningCandidate> {
  const folder = createRunFolder()
  const group = new ProcessGroup(folder)
  try {
    const resourcesFile = join(folder, 'resources.yaml')
    writeFileSync(resourcesFile, resources)
    // The program itself, not the ./postern launcher: the launcher's own process is no part of a running tunnel.
    const main = join(repositoryFolder, 'packages', 'cli', 'src', 'main.ts')
    const postern = [process.execPath, '--conditions=@postern/source', main]
    const up = [
      'up',
      '--in-memory',
      '--json',
      '--resources',
      resourcesFile,
      '--data-port',
      '0',
      '--management-port',
      '0',
    ]
    // The peers use the address as well: a name would be looked up for each connection, and tried at ::1 first.
    const loopback = ['--bind', '127.0.0.1', '--public-host', '127.0.0.1']
    const relay = await group.start({
      name: 'relay',
      command: [...postern, ...up, ...loopback, ...(variant.usesTls ? [] : ['--tls', 'off'])],
      env: {},
      ready: { output: '"hybridConnections"' },
      counted: true,
    })
    const ready = readReadyLine(relay.readOutput())
    const entity = ready.hybridConnections.find(({ name }) => name === hybridConnection)
    if (!entity?.listen || !entity.send) throw new Error(`the relay gives no access to '${hybridConnection}'`)
    const [listenPort, targetPort] = [await findFreePort(), await findFreePort()]
    const env: Record<string, string> = ready.caFile === null ? {} : { NODE_EXTRA_CA_CERTS: ready.caFile }
    const tls = variant.usesTls ? [] : ['--no-tls']
    const bridge = [...postern, 'bridge', '--carriers', variant.usesCarriers ? 'auto' : 'off', ...tls]
    await group.start({
      name: 'remote',
      command: [...bridge, '-T', `${hybridConnection}:127.0.0.1:${targetPort}`, '-x', entity.listen],
      env,
      // It listens on nothing; the echo through the whole tunnel shows that it is there.
      ready: { output: '' },
      counted: true,
    })
    await group.start({
      name: 'local',
      command: [...bridge, '-L', `127.0.0.1:${listenPort}:${hybridConnection}`, '-x', entity.send],
      env,
      ready: { port: listenPort },
      counted: true,
    })
    return await group.finish({ listenPort, targetPort })
  } catch (error) {
    await group.stop()
    throw error
  }
}

function readReadyLine(output: string): ReadyLine {
  const line = output.split('\n').find((text) => text.startsWith('{') && text.includes('"hybridConnections"'))
  const ready: ReadyLine = JSON.parse(line ?? '{"caFile":null,"hybridConnections":[]}')
  return ready
}
