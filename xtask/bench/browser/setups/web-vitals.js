// web-vitals with attribution: vitals only, each sent when known, as its README
// shows.
import { onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals/attribution";

const send = ({ name, value, id, rating, attribution }) =>
  navigator.sendBeacon(
    "/ingest",
    JSON.stringify({ name, value, id, rating, target: attribution.target ?? attribution.interactionTarget }),
  );
for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) on(send);
