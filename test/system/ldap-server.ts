import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ServerInFolder, type ServerPlace } from './server-in-folder.ts'

/** Who may write. */
export const ldapAdministrator = { name: 'cn=admin,dc=corp,dc=test', password: 'opensesame' } as const

/** A real, empty LDAP directory below `dc=corp,dc=test`. */
export function startLdapServer(): Promise<ServerInFolder> {
  return ServerInFolder.start({
    name: 'ldap',
    folders: ['database'],
    prepare: (place) => {
      const file = join(place.folder, 'slapd.conf')
      writeFileSync(file, configuration(place))
      const url = `ldap://127.0.0.1:${place.port}`
      return { command: 'slapd', args: ['-d', '0', '-h', url, '-f', file], ready: place.port }
    },
  })
}

function configuration({ folder }: ServerPlace): string {
  return `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
suffix dc=corp,dc=test
rootdn ${ldapAdministrator.name}
rootpw ${ldapAdministrator.password}
directory ${folder}/database
`
}
