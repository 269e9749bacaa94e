import { findFreePort } from '../processes/free-port.ts'
import type { Candidate } from './candidate.ts'

/** The load's client connected straight to the load's target: what the machine and the load itself can do. */
export const direct: Candidate = {
  name: 'direct',
  about: 'no tunnel: client and target of the load on one port',
  isEncrypted: false,
  runsByDefault: true,
  prepare: async () => undefined,
  start: async () => {
    const port = await findFreePort()
    return { listenPort: port, targetPort: port, counted: [], stop: async () => {} }
  },
}
