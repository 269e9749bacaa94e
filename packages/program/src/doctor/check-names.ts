import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { lookupName } from '@postern/protocol'
import { broken, type Finding, fine } from './finding.ts'

/** Whose name is looked up. */
export interface NameCheck {
  readonly host: string
  /** `the relay`, `the proxy`, `the target`. */
  readonly what: string
  /** Where the name is written, for the fix. */
  readonly writtenIn: string
}

/** Looks a name up as every program of this machine does. */
export async function checkName({ host, what, writtenIn }: NameCheck): Promise<Finding> {
  if (isIP(host) !== 0) return fine(`${what} is given by its address ${host}`)
  try {
    const found = await lookup(lookupName(host), { all: true })
    return fine(`${what} ${host} is ${found.map(({ address }) => address).join(', ')}`)
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    if (code === 'ENOTFOUND' || code === 'ENODATA') {
      return broken(
        `${code}: there is no host name ${host}`,
        `Check the name of ${what} in ${writtenIn}; "getent hosts ${host}" must give an address on this machine: its DNS, or the hosts file.`,
      )
    }
    return broken(
      `${code || message}: nobody answers for ${host}`,
      'The resolver of this machine does not answer: check /etc/resolv.conf, the network, and that port 53 is let out.',
    )
  }
}
