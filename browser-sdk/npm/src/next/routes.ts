// The templates of an app's routes, by its files: `app/products/[id]/page.tsx` is
// `/products/{id}`. What they mean is said in `core/src/route.rs`.

import { type Dirent, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { NextConfig } from "./shape.js";

/** As many as the engine takes. */
const MAX_ROUTES = 512;
const EXTENSIONS = ["tsx", "ts", "jsx", "js"];
/** Files of `pages/` that are no pages. */
const SPECIAL = /^\/(_app|_document|_error|404|500)$/;

/** The user's templates, then those of the files; each meaning once. */
export function routesOf(dir: string, config: NextConfig, own: readonly string[]): string[] {
  const extensions = config.pageExtensions ?? EXTENSIONS;
  const endings = extensions.map((extension) => `.${extension}`).sort((a, b) => b.length - a.length);
  const found = [
    ...pathsOfApp(folder(dir, "app"), endings),
    ...pathsOfPages(folder(dir, "pages"), endings),
  ].sort();
  const prefix = config.basePath ?? "";
  const locales = config.i18n ? ["", "/{locale}"] : [""];
  const templates = found.flatMap((path) => locales.map((locale) => withSlash(prefix + locale + path, config)));
  const meanings = new Set<string>();
  return [...own, ...templates]
    .filter((template) => {
      const meaning = String(template).replace(/\{[^}]*\}/g, "{}");
      return !meanings.has(meaning) && meanings.add(meaning);
    })
    .slice(0, MAX_ROUTES);
}

/** Next.js looks into `src` where there is none beside it. */
function folder(dir: string, name: string): string {
  const beside = join(dir, name);
  return existsSync(beside) ? beside : join(dir, "src", name);
}

/** Where every path but a file's ends with a slash, so does its template. */
function withSlash(path: string, { trailingSlash }: NextConfig): string {
  const bare = path.length > 1 ? path.replace(/\/$/, "") : path;
  const isWhole = !trailingSlash || bare === "/" || /\*$|\.[^/]*$/.test(bare);
  return isWhole ? bare : `${bare}/`;
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** A file's name without its ending; none of another kind of file. */
function stem(name: string, endings: readonly string[]): string | undefined {
  const ending = endings.find((ending) => name.endsWith(ending));
  return !ending || name.endsWith(`.d${ending}`) ? undefined : name.slice(0, -ending.length);
}

/** Folders with a `page` or `route`, as paths. */
function pathsOfApp(root: string, endings: readonly string[]): string[] {
  const paths: string[] = [];
  const walk = (folder: string, segments: readonly string[]): void => {
    for (const entry of entriesOf(folder)) {
      const { name } = entry;
      if (entry.isDirectory()) {
        // Folders of their own, that are no routes.
        if (!name.startsWith("_")) walk(join(folder, name), below(segments, name));
      } else if (/^(page|route)$/.test(stem(name, endings) ?? "")) {
        paths.push(asTemplate(segments));
      }
    }
  };
  walk(root, []);
  return paths;
}

/** What a folder adds to the path: nothing as a group or a slot; one that
 * intercepts begins again from the level that it names. */
function below(segments: readonly string[], name: string): readonly string[] {
  if (name.startsWith("@")) return segments;
  const [, levels, rest] = /^((?:\(\.{1,3}\))+)(.+)$/.exec(name) ?? [];
  if (levels && rest) {
    const up = levels === "(.)" ? 0 : levels.split("(..)").length - 1;
    return [...(levels === "(...)" ? [] : segments.slice(0, Math.max(0, segments.length - up))), rest];
  }
  return /^\(.*\)$/.test(name) ? segments : [...segments, name];
}

/** Files of `pages/`, as paths. */
function pathsOfPages(root: string, endings: readonly string[]): string[] {
  const paths: string[] = [];
  const walk = (folder: string, segments: readonly string[]): void => {
    for (const entry of entriesOf(folder)) {
      if (entry.isDirectory()) {
        walk(join(folder, entry.name), [...segments, entry.name]);
        continue;
      }
      const name = stem(entry.name, endings);
      if (name === undefined) continue;
      const path = asTemplate(name === "index" ? segments : [...segments, name]);
      if (!SPECIAL.test(path)) paths.push(path);
    }
  };
  walk(root, []);
  return paths;
}

/** `[id]` is `{id}`; what takes any further segments is `*`, and the end. */
function asTemplate(segments: readonly string[]): string {
  let template = "";
  for (const segment of segments) {
    if (/^\[{1,2}\.{3}.+\]$/.test(segment)) return `${template}/*`;
    const [, name] = /^\[(.+)\]$/.exec(segment) ?? [];
    // Addresses are compared as the browser writes them.
    template += name ? `/{${name.replace(/[^\w-]/g, "_")}}` : `/${literal(segment)}`;
  }
  return template || "/";
}

/** A folder's name as it stands in an address; one may be written so itself. */
function literal(segment: string): string {
  let name = segment;
  try {
    name = decodeURIComponent(segment);
  } catch {
    // A percent sign of its own.
  }
  const code = (sign: string) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURI(name).replace(/[?#;*]/g, code);
}
