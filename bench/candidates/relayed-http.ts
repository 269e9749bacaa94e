import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { parseConnectionString } from '@postern/protocol'
import type { Candidate, RunningCandidate } from './candidate.ts'
import { installFromNpm } from './install-from-npm.ts'
import type { OwnVariant } from './own-candidate.ts'
import { hybridConnection, startRelay } from './postern-relay.ts'
import { startCandidate } from './start-processes.ts'
import { createToken } from './upgrade-request.ts'

interface Variant extends OwnVariant {
  readonly listener: 'ours' | 'hyco-https'
}

const variants: readonly Variant[] = [
  { name: 'http-ours', about: 'HTTP side: relay and a listener of our client, TLS', usesTls: true, listener: 'ours' },
  { name: 'http-hyco', about: 'HTTP side: relay and hyco-https 1.4.5, TLS', usesTls: true, listener: 'hyco-https' },
  {
    name: 'http-ours-plain',
    about: 'HTTP side: relay with --tls off and a listener of our client',
    usesTls: false,
    listener: 'ours',
  },
  {
    name: 'http-hyco-plain',
    about: 'HTTP side: relay with --tls off and hyco-https 1.4.5, which dials a ws:// address as well',
    usesTls: false,
    listener: 'hyco-https',
  },
]

/** Listeners that answer HTTP requests through our relay: ours, and the official one. */
export function createRelayedHttpCandidates(repositoryFolder: string): readonly Candidate[] {
  return variants.map((variant) => ({
    name: variant.name,
    about: variant.about,
    isEncrypted: variant.usesTls,
    runsByDefault: true,
    answersRelayedHttp: true,
    prepare: async () => (variant.listener === 'ours' ? undefined : await installFromNpm(hycoFolder(repositoryFolder))),
    start: async () => await start(repositoryFolder, variant),
  }))
}

async function start(repositoryFolder: string, { usesTls, listener }: Variant): Promise<RunningCandidate> {
  return await startCandidate(async (group) => {
    const { folder } = group
    const relay = await startRelay(group, { repositoryFolder, usesTls })
    const { endpoint, entityPath, keyName = '', key = '' } = parseConnectionString(relay.listen)
    const [accessFile, keyFile] = [join(folder, 'listen.secret'), join(folder, 'key.secret')]
    writeFileSync(accessFile, relay.listen, { mode: 0o600 })
    writeFileSync(keyFile, key, { mode: 0o600 })
    const authority = `${endpoint.host}:${endpoint.port}/`
    const ours = join(import.meta.dirname, 'http-listener-program.ts')
    const listenUrl = `${usesTls ? 'wss' : 'ws'}://${authority}$hc/${entityPath}?sb-hc-action=listen`
    await group.start({
      name: 'listener',
      command:
        listener === 'ours'
          ? [process.execPath, '--conditions=@postern/source', ours, accessFile, usesTls ? 'on' : 'off']
          : [process.execPath, join(hycoFolder(repositoryFolder), 'listener.cjs'), listenUrl, keyName, keyFile],
      env: relay.env,
      ready: { output: 'listening' },
      counted: true,
    })
    const url = `${usesTls ? 'https' : 'http'}://${authority}${hybridConnection}`
    return group.finishRelayedHttp({ url, headers: { ServiceBusAuthorization: createToken(relay.send) } })
  })
}

function hycoFolder(repositoryFolder: string): string {
  return join(repositoryFolder, 'bench', 'peers', 'hyco-https')
}
