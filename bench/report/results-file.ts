import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** Each benchmark writes a part of its own and leaves the others alone; behind the tables of the tunnel, in this order. */
const parts = [
  { name: 'targets', border: '\n<!-- npm run bench:targets writes what follows -->\n' },
  { name: 'carriers', border: '\n<!-- npm run bench -- --carriers writes what follows -->\n' },
  { name: 'management', border: '\n<!-- npm run bench:management writes what follows -->\n' },
  { name: 'messages', border: '\n<!-- npm run bench:messages writes what follows -->\n' },
  { name: 'growth', border: '\n<!-- npm run bench:growth writes what follows -->\n' },
  { name: 'storm', border: '\n<!-- npm run bench:storm writes what follows -->\n' },
  { name: 'paths', border: '\n<!-- npm run bench:paths writes what follows -->\n' },
] as const

type PartName = 'tunnel' | (typeof parts)[number]['name']

/** Writes the tables of the tunnel. */
export function writeTunnelResults(file: string, page: string): void {
  writePart(file, 'tunnel', page)
}

/** Writes what is wanted and what is met. */
export function writeTargetResults(file: string, section: string): void {
  writePart(file, 'targets', `\n${section}\n`)
}

/** Writes the section about carriers. */
export function writeCarrierResults(file: string, section: string): void {
  writePart(file, 'carriers', `\n${section}`)
}

/** Writes the section about the management plane. */
export function writeManagementResults(file: string, section: string): void {
  writePart(file, 'management', `\n${section}\n`)
}

/** Writes the section about messages. */
export function writeMessageResults(file: string, section: string): void {
  writePart(file, 'messages', `\n${section}\n`)
}

/** Writes the growth curves. */
export function writeGrowthResults(file: string, section: string): void {
  writePart(file, 'growth', `\n${section}\n`)
}

/** Writes what a reconnect storm takes. */
export function writeStormResults(file: string, section: string): void {
  writePart(file, 'storm', `\n${section}\n`)
}

/** Writes what long links leave of bulk. */
export function writePathResults(file: string, section: string): void {
  writePart(file, 'paths', `\n${section}`)
}

function writePart(file: string, name: PartName, text: string): void {
  const texts = readParts(file)
  texts.set(name, text)
  const sections = parts.flatMap((part) => {
    const section = texts.get(part.name)
    return section === undefined ? [] : [part.border + section]
  })
  writeFileSync(file, (texts.get('tunnel') ?? '') + sections.join(''))
}

function readParts(file: string): Map<PartName, string> {
  const texts = new Map<PartName, string>()
  let rest = existsSync(file) ? readFileSync(file, 'utf8') : ''
  for (const { name, border } of parts.toReversed()) {
    const at = rest.indexOf(border)
    if (at < 0) continue
    texts.set(name, rest.slice(at + border.length))
    rest = rest.slice(0, at)
  }
  return texts.set('tunnel', rest)
}
