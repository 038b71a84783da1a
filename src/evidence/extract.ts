import type { LogFiles } from '../custody/log/files.ts'
import { mirroredTile } from '../custody/log/mirror.ts'
import { TileTree } from '../custody/log/tiles.ts'
import { inclusionProof } from '../custody/log/tree.ts'
import { readBundle, type Trust, verifyLog } from '../custody/log/verify.ts'
import type { Evidence } from './evidence.ts'

/**
 * Every statement that a mirrored log holds, as evidence that can be handed out: made from the mirror alone,
 * whatever became of the custodian. The log is verified first.
 *
 */
export async function extractEvidence(mirror: LogFiles, trust: Trust): Promise<Evidence[]> {
  const found: { statement: string; index: number }[] = []
  const { size } = await verifyLog(mirror, trust, [], ({ type, body }, index) => {
    const { statement } = body
    if (type === 'statement' && typeof statement === 'string') found.push({ statement, index })
  })
  const nodes = new TileTree(size, (level, at, width) => mirroredTile(mirror, level, at, width)).nodes()
  const checkpoint = Buffer.from((await mirror.read('checkpoint'))!).toString('utf8')
  return await Promise.all(
    found.map(async ({ statement, index }) => {
      const bundle = Math.floor(index / 256)
      const leaves = await readBundle(mirror, bundle, Math.min(256, size - bundle * 256))
      const hashes = await inclusionProof(nodes, index, size)
      return { statement, leaf: leaves[index % 256]!, proof: { index, hashes, checkpoint } }
    }),
  )
}
