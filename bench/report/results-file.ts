import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** Before the section of `npm run bench -- --carriers`, and that of `npm run bench:management`: each leaves the others alone. */
const carriersBorder = '\n<!-- npm run bench -- --carriers writes what follows -->\n'
const managementBorder = '\n<!-- npm run bench:management writes what follows -->\n'

interface Parts {
  readonly page: string
  readonly carriers: string | undefined
  readonly management: string | undefined
}

/** Writes the tables of the tunnel. */
export function writeTunnelResults(file: string, page: string): void {
  writeParts(file, { ...readParts(file), page })
}

/** Writes the section about carriers, behind the tables of the tunnel. */
export function writeCarrierResults(file: string, section: string): void {
  writeParts(file, { ...readParts(file), carriers: `\n${section}` })
}

/** Writes the section about the management plane, at the end. */
export function writeManagementResults(file: string, section: string): void {
  writeParts(file, { ...readParts(file), management: `\n${section}\n` })
}

function readParts(file: string): Parts {
  const [before = '', management] = existsSync(file) ? readFileSync(file, 'utf8').split(managementBorder, 2) : []
  const [page = '', carriers] = before.split(carriersBorder, 2)
  return { page, carriers, management }
}

function writeParts(file: string, { page, carriers, management }: Parts): void {
  const behind = (border: string, part: string | undefined): string => (part === undefined ? '' : border + part)
  writeFileSync(file, page + behind(carriersBorder, carriers) + behind(managementBorder, management))
}
