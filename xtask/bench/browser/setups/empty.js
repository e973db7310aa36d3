// Nothing: what the page and the browser cost by themselves.
