select day, country, count(order_id)::int as orders, count(distinct customer)::int as customers,
  count(order_id) filter (where status = 'returned')::int as returned, sum(amount_eur)::numeric(18, 2) as revenue_eur
from {{ ref('int_orders_eur') }}
group by day, country
