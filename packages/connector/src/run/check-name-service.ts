import { readFileSync } from 'node:fs'

/** Sources of host names that answer before, or instead of, the hosts file of the program: they ask somebody outside. */
const askOutside = new Set([
  'dns',
  'resolve',
  'mdns',
  'mdns4',
  'mdns_minimal',
  'mdns4_minimal',
  'nis',
  'ldap',
  'sss',
  'winbind',
])

/**
 * Says what is wrong with the order in which glibc asks for names; undefined when the hosts file comes first, which is also
 * what systems without the file do.
 */
export function checkNameService(file = '/etc/nsswitch.conf'): string | undefined {
  const order = readOrder(file)
  if (order === undefined) return undefined
  const files = order.indexOf('files')
  if (files === -1)
    return `${file} has no "files" for hosts: programs will not see the endpoints. Write: hosts: files dns`
  const before = order.slice(0, files).filter((source) => askOutside.has(source))
  if (before.length === 0) return undefined
  return `${file} asks ${before.join(', ')} for hosts before "files": names that they know do not lead to the endpoints. Write: hosts: files dns`
}

function readOrder(file: string): string[] | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
  const line = text.split('\n').find((candidate) => /^\s*hosts\s*:/.test(candidate))
  // [NOTFOUND=return] and the like are reactions, no sources.
  return line
    ?.replace(/#.*/, '')
    .replace(/^\s*hosts\s*:/, '')
    .replaceAll(/\[[^\]]*\]/g, ' ')
    .split(/\s+/)
    .filter((word) => word !== '')
}
