// The template's, with the SDK in front.
import { init } from '@sightline/browser'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './index.css'
import App from './App.tsx'

init({ serviceName: 'vite-react', routes: ['/api/items/{id}'] })

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
