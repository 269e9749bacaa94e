// Writes deploy/systemd/postern-hcm.service: the unit that `hcm service install` makes, for a checkout in /opt/postern.
import { writeFileSync } from 'node:fs'
import { systemdUnit } from '@postern/hcm'

const file = new URL('../deploy/systemd/postern-hcm.service', import.meta.url)
writeFileSync(file, systemdUnit({ program: ['/opt/postern/postern', 'hcm'] }))
