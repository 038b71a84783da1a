import { StoreError } from '../errors.ts'
import type { DeleteOutcome, ObjectToDelete, Store } from '../store.ts'
import { readBoolean } from './answers.ts'
import { assertObeyed, type Connection } from './connection.ts'
import { control } from './control.ts'
import { BYPASS_GOVERNANCE } from './object-headers.ts'
import { readXml } from './xml.ts'
import type { XmlElement } from './xml-element.ts'
import { element, fitsXml, optionalText, text, xmlDocument } from './xml-write.ts'

/** DeleteObjects. @param single deletes one whose name XML cannot carry */
export function deleteMany(connection: Connection, single: Store['delete']): Pick<Store, 'deleteMany'> {
  return {
    async deleteMany(bucket, objects, bypassGovernance) {
      for (const { conditions = {} } of objects) assertObeyed(connection, 'delete', conditions)
      const fitting = objects.filter(({ key }) => fitsXml(key))
      const outcomes = new Map<string, DeleteOutcome>()
      if (fitting.length > 0) {
        const answer = await control(connection, {
          method: 'POST',
          bucket,
          query: { delete: '' },
          headers: bypassGovernance ? [BYPASS_GOVERNANCE] : [],
          body: xmlDocument('Delete', ...fitting.map(writeObject)),
        })
        const result = readXml(answer.body)
        for (const outcome of [
          ...result.all('Deleted').map(readDeleted),
          ...result.all('Error').map(readError),
        ])
          outcomes.set(nameOf(outcome), outcome)
      }
      const all: DeleteOutcome[] = []
      for (const object of objects) {
        const { key, versionId } = object
        if (!fitsXml(key)) all.push(await deleteSingle(bucket, object, bypassGovernance))
        // What the store does not speak of was, for all we know, not deleted.
        else all.push(outcomes.get(nameOf(object)) ?? { key, ...version(versionId), error: 'InternalError' })
      }
      return all
    },
  }

  async function deleteSingle(
    bucket: string,
    { key, versionId, conditions }: ObjectToDelete,
    bypassGovernance: boolean,
  ): Promise<DeleteOutcome> {
    try {
      const deleted = await single(
        { bucket, key, ...version(versionId) },
        { ...conditions, bypassGovernance },
      )
      const marker = deleted.deleteMarker ? deleted.versionId : undefined
      return {
        key,
        ...version(versionId),
        deleteMarker: deleted.deleteMarker,
        ...(marker !== undefined && { deleteMarkerVersionId: marker }),
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      return { key, ...version(versionId), error: error.code }
    }
  }
}

function writeObject({ key, versionId, conditions = {} }: ObjectToDelete): string {
  return element(
    'Object',
    text('Key', key),
    optionalText('VersionId', versionId),
    optionalText('ETag', conditions.ifMatch),
    optionalText('LastModifiedTime', conditions.ifMatchLastModified),
    optionalText('Size', conditions.ifMatchSize),
  )
}

function readDeleted(entry: XmlElement): DeleteOutcome {
  const marker = entry.optional('DeleteMarkerVersionId')?.text
  return {
    key: entry.one('Key').text,
    ...version(entry.optional('VersionId')?.text),
    deleteMarker: readBoolean(entry.optional('DeleteMarker')),
    ...(marker !== undefined && marker !== '' && { deleteMarkerVersionId: marker }),
  }
}

function readError(entry: XmlElement): DeleteOutcome {
  const code = entry.optional('Code')?.text ?? ''
  return {
    key: entry.one('Key').text,
    ...version(entry.optional('VersionId')?.text),
    error: /^[A-Za-z0-9.]{1,64}$/.test(code) ? code : 'InternalError',
  }
}

const version = (id: string | undefined) => (id === undefined || id === '' ? {} : { versionId: id })

const nameOf = ({ key, versionId = '' }: { key: string; versionId?: string }): string =>
  JSON.stringify([key, versionId])
