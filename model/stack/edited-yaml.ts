/** YAML that people wrote and tools edit. */
import { type Document, isScalar, parseDocument, type ScalarTag, type Tags } from "yaml";

/**
 * Reads a document to be edited and written again. What no edit touches is written as it stood: by itself the library
 * writes each number anew from its value, `01234` as `1234` and `1234e5` as `1.234e+8`.
 */
export function parseForEditing(text: string): Document {
  return parseDocument(text, { customTags: keepSources });
}

function keepSources(tags: Tags): Tags {
  return tags.map((tag) => (isNumeric(tag) ? { ...tag, stringify: keepSource(tag) } : tag));
}

function isNumeric(tag: Tags[number]): tag is ScalarTag {
  return typeof tag === "object" && /:(int|float)$/.test(tag.tag) && tag.collection === undefined;
}

function keepSource(tag: ScalarTag): NonNullable<ScalarTag["stringify"]> {
  return (item, ...context) => {
    const { source, value } = item;
    if (source !== undefined && Object.is(readBack(tag, source), value)) return source;
    return tag.stringify?.(item, ...context) ?? String(value);
  };
}

/** What a text is read as; undefined where the tag does not take it. */
function readBack(tag: ScalarTag, source: string): unknown {
  if (tag.test?.test(source) === false) return undefined;
  const read = tag.resolve(source, () => {}, {});
  return isScalar(read) ? read.value : read;
}
