import { join } from 'node:path'
import { TOOLS } from '../../places.ts'
import { pythonEnvironment } from '../../python.ts'

/** What s3-tests names in its requirements, in exactly these versions, and what it needs besides. */
const PACKAGES = [
  'boto3==1.44.5',
  // Not in its requirements; without it boto3 cannot compute CRC32C and CRC64NVME.
  'awscrt==0.38.1',
  'gevent==26.9.0',
  'httplib2==0.32.1',
  'isodate==0.7.2',
  'lxml==6.1.3',
  'munch==4.0.0',
  'pytest==9.2.0',
  // Two tests wait for ever where a store answers as they do not expect.
  'pytest-timeout==2.4.0',
  'pytest-xdist==3.8.0',
  'pytz==2026.6',
  'PyYAML==6.0.3',
  'requests==2.34.2',
]

/** The Python that runs s3-tests, made on first use. */
export async function s3TestsPython(): Promise<string> {
  const folder = join(TOOLS, 's3-tests')
  await pythonEnvironment(folder, PACKAGES)
  return join(folder, 'bin', 'python')
}
