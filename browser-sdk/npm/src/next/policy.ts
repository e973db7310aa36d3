// Lets the engine, which is wasm, run under the policies that the user's headers
// set. Nothing else of them is changed, and none is added.

import type { HeaderRule, NextConfig } from "./shape.js";

const POLICY = /^content-security-policy(-report-only)?$/i;
const WASM = "'wasm-unsafe-eval'";

/** `headers` of the config with its policies changed. */
export function allowEngineIn(config: NextConfig): () => Promise<HeaderRule[]> {
  return async () => {
    const rules = (await config.headers?.()) ?? [];
    return rules.map((rule) => ({
      ...rule,
      headers: rule.headers.map((header) =>
        POLICY.test(header.key) ? { ...header, value: allowEngine(header.value) } : header,
      ),
    }));
  };
}

/** A policy, or a list of them, with `'wasm-unsafe-eval'` among the sources of its
 * scripts. One that says nothing of scripts allows it already; one that allows
 * none stays. */
export function allowEngine(policies: string): string {
  return policies.split(",").map(allowIn).join(",");
}

function allowIn(policy: string): string {
  const directives = policy.split(";");
  const named = (name: string) =>
    directives.findIndex((directive) => directive.trim().split(/\s+/)[0]?.toLowerCase() === name);
  const scripts = named("script-src");
  const at = scripts >= 0 ? scripts : named("default-src");
  const directive = directives[at]?.trimEnd();
  if (!directive || /'none'|'unsafe-eval'|'wasm-unsafe-eval'/i.test(directive)) return policy;
  if (at === scripts) directives[at] = `${directive} ${WASM}`;
  else directives.push(` script-src ${directive.trim().split(/\s+/).slice(1).join(" ")} ${WASM}`);
  return directives.join(";");
}
