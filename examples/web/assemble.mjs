// usage: assemble.mjs DIR EXAMPLE-DIR MODULE.gz: page.html with the scripts, the module and the example in it.
import { readFileSync } from 'node:fs';
const [dir, example, module] = process.argv.slice(2);
const text = (path) => readFileSync(path, 'utf8');
// a script ends at `</script`, wherever it stands
const literal = (value) => JSON.stringify(value).replaceAll('</', '<\\/');
const data = {
  MODULE: readFileSync(module).toString('base64'),
  WORKER: text(`${dir}/worker.js`),
  EXAMPLE: { log: text(`${example}/mail.log`), mainCf: text(`${example}/main.cf`), masterCf: text(`${example}/master.cf`) },
};
process.stdout.write(text(`${dir}/page.html`)
  .replace('/*DATA*/', () => Object.entries(data).map(([name, value]) => `const ${name} = ${literal(value)};`).join('\n'))
  .replace('/*APP*/', () => text(`${dir}/app.js`).replace("'use strict';\n", '')));
