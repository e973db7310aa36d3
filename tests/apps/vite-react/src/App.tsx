// In place of the template's: a button that asks the API and then breaks.
export default function App() {
  const buy = async () => {
    await fetch('/api/items/42?token=secret')
    throw new RangeError('sold out')
  }
  return (
    <main>
      <h1>Vite and React</h1>
      <button onClick={buy}>Buy</button>
    </main>
  )
}
