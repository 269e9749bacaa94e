import { isIP } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'

/** A machine with many containers has hundreds of addresses; a certificate with all of them would not fit a packet. */
const maxInterfaceAddresses = 16

/** The names and addresses by which this machine can be reached: loopback, host name, network interfaces. */
export function machineNames(): string[] {
  const host = hostname().toLowerCase()
  const [shortName = host] = host.split('.')
  const addresses = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter((entry) => !entry.internal && !entry.address.startsWith('fe80:'))
    .map((entry) => entry.address)
    .slice(0, maxInterfaceAddresses)
  const names = ['localhost', '127.0.0.1', '::1', host, shortName, ...addresses]
  return [...new Set(names.filter(isCertificateName))]
}

/** Whether a certificate can be made for it: a host name in lower case or an IP address. */
export function isCertificateName(name: string): boolean {
  return (
    isIP(name) !== 0 || (name.length <= 253 && /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?(?:\.(?!$)|$))+$/.test(name))
  )
}
