import { isAddress, namesOf } from '../names/host-name.ts'

/**
 * Lines of a hosts file for endpoint hosts: each name, and what a program may write of it where the system searches the
 * rest or with a dot at the end: resolvers compare letter by letter. Hosts that are addresses have no line: nobody asks for them by name.
 */
export function hostsLines(
  addresses: ReadonlyMap<string, string>,
  searchDomains: readonly string[],
): readonly string[] {
  return [...addresses]
    .filter(([host]) => !isAddress(host))
    .map(([host, address]) => `${address} ${[...namesOf(host, searchDomains), `${host}.`].join(' ')}`)
}
