// Changes the state of a Hybrid Connection Manager as a service does, as fast as it can, and says after each change that it is
// kept. To be killed.
import { Secret } from '@postern/program'
import type { StoredHybridConnection } from '../../packages/hcm/src/state/hcm-state.ts'
import { StateStore } from '../../packages/hcm/src/state/state-store.ts'

const [folder = '', changes = '0'] = process.argv.slice(2)
const store = await StateStore.open(folder)
for (let at = store.state.hybridConnections.length; at < Number(changes); at += 1) {
  const secret = `Endpoint=sb://relay.test/;SharedAccessKeyName=listen;SharedAccessKey=key-${at};EntityPath=hc${at}`
  const entry: StoredHybridConnection = {
    host: 'relay.test',
    path: `hc${at}`,
    origin: 'manual',
    connectionString: store.key.seal(new Secret(secret), `relay.test/hc${at}`),
    follow: false,
    addedAt: new Date().toISOString(),
  }
  await store.update((state) => ({ ...state, hybridConnections: [...state.hybridConnections, entry] }))
  process.stdout.write(`${at + 1}\n`)
}
