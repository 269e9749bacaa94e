import { X509Certificate } from 'node:crypto'

/** DNS names in the first certificate of a PEM text, lower case. @throws when it holds none */
export function dnsNamesOf(pem: string): readonly string[] {
  const entries = (new X509Certificate(pem).subjectAltName ?? '').split(', ')
  return entries.filter((entry) => entry.startsWith('DNS:')).map((entry) => entry.slice(4).toLowerCase())
}

/** Whether a name is among those of certificates, by itself or under a wildcard, which stands for one label. RFC 9525 section 6.3 */
export function isNamed(names: Iterable<string>, wanted: string): boolean {
  const name = wanted.toLowerCase().replace(/\.$/, '')
  const known = new Set(names)
  return known.has(name) || known.has(`*${name.slice(name.indexOf('.'))}`)
}
